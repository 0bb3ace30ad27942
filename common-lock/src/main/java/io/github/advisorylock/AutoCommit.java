package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * A stretch of statements on a connection that leave no transaction behind, and so no snapshot that
 * a CREATE INDEX CONCURRENTLY would wait for. The connection's own mode comes back with {@link
 * #close}.
 */
final class AutoCommit implements AutoCloseable {

  private final Connection connection;
  private final boolean toRestore;

  private AutoCommit(Connection connection, boolean toRestore) {
    this.connection = connection;
    this.toRestore = toRestore;
  }

  /** Switches autocommit on; the connection must not be in a transaction. */
  static AutoCommit on(Connection connection) throws SQLException {
    if (connection.getAutoCommit()) {
      return new AutoCommit(connection, false);
    }
    connection.setAutoCommit(true);
    return new AutoCommit(connection, true);
  }

  /**
   * Switches autocommit on unless a transaction is open: that one is nobody's to end but its
   * owner's.
   */
  static AutoCommit unlessInTransaction(Connection connection) throws SQLException {
    return isInTransaction(connection) ? new AutoCommit(connection, false) : on(connection);
  }

  /**
   * Whether a transaction is open, without asking the server: JDBC forbids to set read-only mode in
   * the middle of one, even to what it is, and pgjdbc checks.
   */
  static boolean isInTransaction(Connection connection) throws SQLException {
    boolean readOnly = connection.isReadOnly();
    try {
      connection.setReadOnly(readOnly);
      return false;
    } catch (SQLException e) {
      if ("25001".equals(SqlStates.of(e))) { // active_sql_transaction
        return true;
      }
      throw e;
    }
  }

  Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    if (toRestore) {
      connection.setAutoCommit(false);
    }
  }
}
