package io.github.advisorylock.flyway;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/** How to see that a run of Flyway is over, be it from another thread. */
sealed interface RunEnd {

  /** Whether the run is over. */
  boolean hasCome();

  /** Whether the run is over, asked by its own thread when a run on it wants the lock. */
  boolean hasComeBeforeNextAcquire();

  /**
   * By Flyway's main connection if it is known, else by the thread.
   *
   * @param thread the thread of the run
   * @param mainConnection Flyway's main connection; null if Flyway has not shown it
   */
  static RunEnd of(Thread thread, @Nullable Connection mainConnection) {
    return mainConnection == null
        ? new ThreadLeavesFlyway(thread)
        : new MainConnectionCloses(thread, mainConnection);
  }

  static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed(); // asks the driver, not the server
    } catch (SQLException e) {
      return true;
    }
  }

  /** In every run, Flyway closes its main connection last; a pool's proxy counts as closed, too. */
  record MainConnectionCloses(Thread thread, Connection connection) implements RunEnd {

    @Override
    public boolean hasCome() {
      return isClosed(connection) || !thread.isAlive();
    }

    @Override
    public boolean hasComeBeforeNextAcquire() {
      return hasCome();
    }
  }

  /** For runs in which Flyway shows only connections that it closes earlier. */
  record ThreadLeavesFlyway(Thread thread) implements RunEnd {

    @Override
    public boolean hasCome() {
      String flyway = Flyway.class.getPackageName();
      return Arrays.stream(thread.getStackTrace())
          .noneMatch(frame -> frame.getClassName().startsWith(flyway));
    }

    /** Such a run takes the lock at its last opportunity, so who asks again is another run. */
    @Override
    public boolean hasComeBeforeNextAcquire() {
      return true;
    }
  }
}
