package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Server;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * The least that LISTEN and NOTIFY can do: all listen on one channel, and try whenever it says so.
 * Nothing is confirmed, and no session of a client that has vanished is ended.
 */
final class NotifyAllRunner implements Runner {

  private static final String TRY = "SELECT pg_try_advisory_lock(1)";
  private static final String RELEASE = "SELECT pg_advisory_unlock(1), pg_notify('released', '')";
  private static final int LONGEST_PAUSE = 1_000;

  private final Connection connection;

  NotifyAllRunner(String url) throws SQLException {
    this.connection = DriverManager.getConnection(url, Server.USER, "");
  }

  @Override
  public void hold(Section section) throws Exception {
    try (Statement statement = connection.createStatement()) {
      if (!tryLock(statement)) {
        statement.execute("LISTEN released");
        while (!tryLock(statement)) {
          connection.unwrap(PGConnection.class).getNotifications(LONGEST_PAUSE);
        }
      }
      try {
        section.run();
      } finally {
        statement.execute(RELEASE);
      }
    }
  }

  private static boolean tryLock(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(TRY)) {
      return row.next() && row.getBoolean(1);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
