package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The transaction that a pool without autocommit leaves open on a connection after it has set that
 * up, such as with {@code set search_path} or a validation query. A commit keeps what was set; a
 * rollback would lose it. Decision 29 says how it differs from a transaction of the caller.
 */
public final class SetUpTransaction {

  private SetUpTransaction() {}

  /**
   * Commits the transaction that is open on a connection, unless it has written or locked anything,
   * or belongs to a session that is in use. Does nothing where none is open.
   *
   * @param opened a connection that a data source has just provided
   * @param inUse the connection of the session that must be left alone
   * @throws SQLException if the connection has ended
   */
  public static void commit(Connection opened, Connection inUse) throws SQLException {
    if (isToEnd(opened) && pid(opened) != pid(inUse)) {
      opened.commit();
    }
  }

  /**
   * The same without knowing which sessions are in use: a transaction that is older than the call
   * of the source is that of a pool only if the source provides another session next.
   *
   * @param opened a connection that the source has just provided
   * @param called when the source was called
   */
  static void commit(Connection opened, ConnectionSource source, Duration called)
      throws SQLException {
    if (isToEnd(opened) && (isYoungerThan(called, opened) || providesAnother(source, opened))) {
      opened.commit();
    }
  }

  private static boolean isToEnd(Connection opened) throws SQLException {
    return AutoCommit.isInTransaction(opened)
        && !opened.getAutoCommit()
        && Boolean.TRUE.equals(ask(opened, LockSql::isWithoutEffect));
  }

  private static boolean isYoungerThan(Duration called, Connection opened) throws SQLException {
    Duration sinceCall = Timing.SYSTEM.now().minus(called); // before: the answer may take its time
    Duration age = ask(opened, LockSql::ageOfTransaction);
    return age != null && age.compareTo(sinceCall) < 0;
  }

  /**
   * A source that has no other connection to provide is a pool, and not the caller's transaction.
   */
  private static boolean providesAnother(ConnectionSource source, Connection opened) {
    Connection physical = Endpoint.physical(opened);
    if (physical == null) {
      return false;
    }
    try (Connection other = source.open()) {
      Connection otherPhysical = other == null ? null : Endpoint.physical(other);
      return otherPhysical != null && otherPhysical != physical;
    } catch (SQLException | RuntimeException e) {
      log("The data source provides no other connection", e);
      return true;
    }
  }

  private static int pid(Connection connection) throws SQLException {
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      return LockSql.backend(scope.connection()).pid();
    }
  }

  /** Null if the server does not answer that; the transaction continues unchanged. */
  private static <T> @Nullable T ask(Connection opened, LockLevel.Question<T> question)
      throws SQLException {
    try {
      return LockLevel.TRANSACTION.ask(opened, question);
    } catch (SQLException e) {
      if (SqlStates.passes(e)) {
        throw e;
      }
      log("The open transaction could not be examined", e);
      return null;
    }
  }

  private static void log(String message, Throwable e) {
    System.getLogger(SetUpTransaction.class.getName()).log(System.Logger.Level.DEBUG, message, e);
  }
}
