package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Pause;
import io.github.advisorylock.demo.Server;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/** The sessions in a database, as seen by one that does not count itself. */
final class Sessions implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String PIDS =
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
          + " AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

  private final Connection connection;

  private Sessions(Connection connection) {
    this.connection = connection;
  }

  static Sessions of(String url) throws SQLException {
    return new Sessions(DriverManager.getConnection(url, Server.USER, ""));
  }

  /** The process IDs of their server processes. */
  Set<Long> pids() {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(PIDS)) {
      Set<Long> pids = new LinkedHashSet<>();
      while (row.next()) {
        pids.add(row.getLong(1));
      }
      return pids;
    } catch (SQLException e) {
      throw new IllegalStateException("Who is connected cannot be seen", e);
    }
  }

  /**
   * Waits until there are so many.
   *
   * @throws IllegalStateException if they do not come
   */
  void awaitAtLeast(int count) throws InterruptedException {
    if (!Pause.until(PATIENCE, () -> pids().size() >= count)) {
      throw new IllegalStateException(
          "There are only %d of %d sessions".formatted(pids().size(), count));
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
