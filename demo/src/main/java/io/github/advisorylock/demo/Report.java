package io.github.advisorylock.demo;

import java.time.Instant;

/**
 * How one run of one replica went.
 *
 * @param started when the tool was called
 * @param ended when it returned, or the replica was ended
 * @param outcome how it ended
 * @param sqlState of the failure, empty if there is none
 * @param message of the failure, empty if there is none
 */
record Report(Instant started, Instant ended, Outcome outcome, String sqlState, String message) {

  private static final String SEPARATOR = "\t";

  static Report parse(String line) {
    String[] parts = line.split(SEPARATOR, 5);
    return new Report(
        Instant.parse(parts[0]),
        Instant.parse(parts[1]),
        Outcome.valueOf(parts[2]),
        parts[3],
        parts[4]);
  }

  String line() {
    return String.join(
        SEPARATOR,
        started.toString(),
        ended.toString(),
        outcome.name(),
        sqlState,
        message.strip().replaceAll("\\s+", " "));
  }

  /** How a run ended. */
  enum Outcome {
    /** Well. */
    DONE,
    /** With an exception. */
    FAILED,
    /** By our kill -9, on purpose. */
    KILLED,
    /** By our patience: it was still waiting. */
    STOPPED
  }
}
