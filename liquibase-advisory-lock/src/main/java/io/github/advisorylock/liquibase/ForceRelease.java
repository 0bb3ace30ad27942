package io.github.advisorylock.liquibase;

/** What {@code release-locks} and {@code forceReleaseLocks()} do to the holder of the lock. */
enum ForceRelease {
  /** They report it and leave it alone: programs call them after, or before, every update. */
  REPORT,

  /** They end its session, after making sure that it is still the same one. */
  TERMINATE
}
