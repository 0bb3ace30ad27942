package io.github.advisorylock.spring;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A database of its own for one test, which drops it by closing it. The server is embedded, started
 * on first use, and ends with the JVM; or with {@code -Dpostgres.url}, {@code -Dpostgres.user} and
 * {@code -Dpostgres.password} it is that one.
 */
final class FreshDatabase implements AutoCloseable {

  private final String name = "slice_" + UUID.randomUUID().toString().replace("-", "");

  FreshDatabase() throws SQLException {
    execute("CREATE DATABASE " + name);
  }

  String url() {
    return Holder.MAINTENANCE.replaceFirst("/[^/?]*($|\\?)", "/" + name + "$1");
  }

  String user() {
    return System.getProperty("postgres.user", "postgres");
  }

  String password() {
    return System.getProperty("postgres.password", "");
  }

  List<Long> numbers(String query) throws SQLException {
    List<Long> numbers = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(url(), user(), password());
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        numbers.add(rows.getLong(1));
      }
    }
    return numbers;
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(Holder.MAINTENANCE, user(), password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    execute("DROP DATABASE " + name + " WITH (FORCE)");
  }

  private static final class Holder {
    static final String MAINTENANCE = maintenance();

    private static String maintenance() {
      String given = System.getProperty("postgres.url", "");
      if (!given.isEmpty()) {
        return given;
      }
      try {
        return EmbeddedPostgres.start().getJdbcUrl("postgres", "postgres");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
