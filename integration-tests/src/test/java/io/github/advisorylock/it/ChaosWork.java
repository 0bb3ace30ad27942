package io.github.advisorylock.it;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What one migration of a round of {@link ChaosIT} does, in the runner's JVM and in the language of
 * neither tool.
 *
 * <p>It works on the tool's connection and writes down beginning and end over one of its own: what
 * is rolled back must still be seen to have been at work, and what happens to the tool's connection
 * must not happen to the record of it. {@link Ledger} says how the two are judged.
 */
final class ChaosWork {
  /** How many migrations a round has, with the versions 1, 2, … */
  static final int MIGRATIONS = 3;

  /** Where and how to write it down: system properties of the runner, from its instructions. */
  static final String PREFIX = "chaos.";

  private static final double SHORT_SECONDS = 0.15;

  private ChaosWork() {}

  static boolean isTransactional() {
    return Boolean.parseBoolean(property("transactional"));
  }

  /**
   * Works.
   *
   * @param connection the tool's own, which is left as it was found
   */
  static void run(String version, Connection connection) throws SQLException {
    Begun begun = begin(version, connection);
    try (Statement statement = connection.createStatement()) {
      if (version.equals("1")) {
        statement.execute(Brake.SQL);
      }
      // One statement: without a transaction, too, it is done in full or not at all.
      statement.execute(
          "INSERT INTO harness.applied (work, version, runner) SELECT %d, '%s', '%s' FROM pg_sleep(%s)"
              .formatted(begun.work(), version, property("runner"), seconds(version, begun)));
    } finally {
      end(begun);
    }
  }

  /** Only the first attempt is one that takes long: a round is no longer than it has to be. */
  private static String seconds(String version, Begun begun) {
    return begun.attempt() == 1 && version.equals(property("longVersion"))
        ? property("longSeconds")
        : Double.toString(SHORT_SECONDS);
  }

  private static Begun begin(String version, Connection working) throws SQLException {
    int pid;
    String transaction;
    try (Statement statement = working.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid(), now()::text")) {
      row.next();
      pid = row.getInt(1);
      transaction = row.getString(2);
    }
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT work, attempt FROM harness.begin_work(?, ?, ?, ?::timestamptz)")) {
      statement.setString(1, version);
      statement.setString(2, property("runner"));
      statement.setInt(3, pid);
      statement.setString(4, transaction);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Begun(row.getLong(1), row.getInt(2));
      }
    }
  }

  /** Without an end, what was begun counts as work for as long as its session lives. */
  private static void end(Begun begun) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE harness.work SET ended = clock_timestamp() WHERE id = " + begun.work());
    } catch (SQLException e) {
      System.err.println("The end of " + begun + " is not written down: " + e);
    }
  }

  private static Connection connect() throws SQLException {
    return DriverManager.getConnection(property("url"), property("user"), property("password"));
  }

  private static String property(String name) {
    return System.getProperty(PREFIX + name);
  }

  private record Begun(long work, int attempt) {}
}
