package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Server;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Waits inside the server, which then hands the lock over by itself. Nothing can be faster, and
 * nobody should do it: a session that waits there keeps every CREATE INDEX CONCURRENTLY waiting.
 */
final class BlockingRunner implements Runner {

  private static final long KEY = 1;

  private final Connection connection;

  BlockingRunner(String url) throws SQLException {
    this.connection = DriverManager.getConnection(url, Server.USER, "");
  }

  @Override
  public void hold(Section section) throws Exception {
    execute("SELECT pg_advisory_lock(" + KEY + ")");
    try {
      section.run();
    } finally {
      execute("SELECT pg_advisory_unlock(" + KEY + ")");
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
