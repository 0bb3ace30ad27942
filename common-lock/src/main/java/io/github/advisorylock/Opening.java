package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * How a connection is opened for one attempt. What this library opens is bounded; a source of the
 * caller is asked on the caller's thread, since it may depend on that, and reports every ten
 * seconds that it has not answered.
 */
final class Opening {

  private final Duration atMost;
  private final Duration betweenReports;
  private final Runnable stillOpening;
  private boolean opened;

  /**
   * An attempt.
   *
   * @param atMost how long opening may take, where it can be bounded
   * @param stillOpening run on another thread, each time that ten seconds have passed
   */
  Opening(Duration atMost, Runnable stillOpening) {
    this(atMost, BoundedSource.LONGEST, stillOpening);
  }

  Opening(Duration atMost, Duration betweenReports, Runnable stillOpening) {
    this.atMost = atMost;
    this.betweenReports = betweenReports;
    this.stillOpening = stillOpening;
  }

  Connection from(ConnectionSource source) throws SQLException {
    if (source instanceof BoundedSource bounded) {
      return bounded.open(atMost);
    }
    RunWatch watch =
        RunWatch.start(
            "advisory-lock-connect", betweenReports, betweenReports, this::reportsEnd, () -> {});
    try {
      return source.open();
    } finally {
      end();
      watch.stop();
    }
  }

  /** Nothing is reported after the end, however late the other thread is. */
  private synchronized void end() {
    opened = true;
  }

  private synchronized boolean reportsEnd() {
    if (!opened) {
      stillOpening.run();
    }
    return opened;
  }
}
