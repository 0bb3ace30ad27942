package io.github.advisorylock;

import java.sql.SQLException;
import java.util.Set;

/**
 * What an SQLSTATE tells about trying again.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">PostgreSQL: Error
 *     Codes</a>
 */
final class SqlStates {

  static final String INSUFFICIENT_PRIVILEGE = "42501";
  static final String FEATURE_NOT_SUPPORTED = "0A000";
  static final String IN_FAILED_TRANSACTION = "25P02";
  static final String UNDEFINED_OBJECT = "42704";
  static final String LOCK_NOT_AVAILABLE = "55P03"; // lock_timeout, or NOWAIT
  static final String QUERY_CANCELED = "57014"; // statement_timeout, or somebody

  /** Comes at the commit, when everything else has been done. */
  static final String NOTIFICATION_QUEUE_FULL = "54000"; // program_limit_exceeded

  static final String CANNOT_CONNECT = "08001"; // the client could not establish the connection

  static final String CONNECTION_DOES_NOT_EXIST = "08003"; // the driver has closed it

  private static final String CONNECTION_CLASS = "08";

  /** Of the connection class, but just as wrong the next time. */
  private static final Set<String> LASTING =
      Set.of(
          "08004", // server or driver rejected the log-in
          "08P01"); // protocol violation

  private static final Set<String> PASSING =
      Set.of(
          "57P01", // terminated by an administrator
          "57P02", // crash of another backend
          "57P03", // starting up or shutting down
          "57P05", // idle_session_timeout
          "53300", // too many connections
          "53200", // out of (shared) memory
          LOCK_NOT_AVAILABLE,
          "40P01"); // deadlock victim

  private SqlStates() {}

  /** The SQLSTATE, from the cause if a pool wrapped the driver's exception; empty if none. */
  static String of(SQLException failure) {
    if (failure.getSQLState() != null) {
      return failure.getSQLState();
    }
    return failure.getCause() instanceof SQLException cause && cause.getSQLState() != null
        ? cause.getSQLState()
        : "";
  }

  /** Whether a statement that also notifies would have succeeded without that. */
  static boolean isAboutNotifying(SQLException failure) {
    return Set.of(INSUFFICIENT_PRIVILEGE, NOTIFICATION_QUEUE_FULL).contains(of(failure));
  }

  /** Whether the same may well succeed on a fresh session. */
  static boolean passes(SQLException failure) {
    String state = of(failure);
    return PASSING.contains(state)
        || (state.startsWith(CONNECTION_CLASS) && !LASTING.contains(state));
  }
}
