package io.github.advisorylock.demo;

import java.time.Instant;

/**
 * A stretch of work, as the rows in the database tell it.
 *
 * @param replica who worked
 * @param session the process ID of the server process that worked for it
 * @param step the migration
 * @param begin its first moment
 * @param end its last
 * @param finished whether it came to its end
 */
record Work(int replica, int session, String step, Instant begin, Instant end, boolean finished) {

  private static final String EVERY_RUN = "every run";

  /** Whether it is done only once, unlike what each replica does each time it starts. */
  boolean isMigration() {
    return !step.equals(EVERY_RUN);
  }
}
