package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * A bound on how long a connection waits for an answer of the server. Drivers and pools from before
 * JDBC 4.1, and some wrappers, have none; the connection then waits as long as it did before.
 */
public final class NetworkTimeout {

  private final Connection connection;
  private final int found;

  private NetworkTimeout(Connection connection, int found) {
    this.connection = connection;
    this.found = found;
  }

  /**
   * Bounds the answers of a connection.
   *
   * @param connection an open connection
   * @param atMost the bound, up to 24 days; zero for none
   * @return what restores the bound that the connection had; does nothing where it has no bounds
   */
  public static NetworkTimeout set(Connection connection, Duration atMost) {
    NetworkTimeout timeout = new NetworkTimeout(connection, read(connection));
    timeout.change(Math.toIntExact(atMost.toMillis()));
    return timeout;
  }

  /** Restores the bound that the connection had before. Never throws. */
  public void restore() {
    change(found);
  }

  private static int read(Connection connection) {
    try {
      return connection.getNetworkTimeout();
    } catch (SQLException | RuntimeException | LinkageError e) {
      log(e);
      return -1;
    }
  }

  private void change(int millis) {
    if (found < 0) {
      return;
    }
    try {
      connection.setNetworkTimeout(Runnable::run, millis);
    } catch (SQLException | RuntimeException | LinkageError e) {
      log(e);
    }
  }

  private static void log(Throwable failure) {
    System.getLogger(NetworkTimeout.class.getName())
        .log(System.Logger.Level.DEBUG, "The connection has no network timeout", failure);
  }
}
