package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Where a connection leads. Immutable.
 *
 * @param postgreSql whether it is PostgreSQL, as far as it says itself: not CockroachDB or
 *     Redshift, which speak the same protocol without having these locks
 * @param direct false if a pooler stands between; true also where that cannot be seen
 */
public record Endpoint(boolean postgreSql, boolean direct) {

  /**
   * Asks. A transaction that is open on the connection stays open, otherwise none is left.
   *
   * @param connection any connection
   * @return what it is
   * @throws SQLException if it cannot be asked
   */
  public static Endpoint of(Connection connection) throws SQLException {
    if (!"PostgreSQL".equals(connection.getMetaData().getDatabaseProductName())) {
      return new Endpoint(false, true); // what follows would end a transaction of other drivers
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      LockSql.Backend backend = LockSql.backend(scope.connection());
      return new Endpoint(backend.isPostgreSql(), isDirect(physical(connection), backend.pid()));
    } catch (SQLException e) {
      if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        return new Endpoint(true, true); // the lock's own session reports what is missing
      }
      throw e;
    }
  }

  /**
   * Whether what belongs to a session of this connection may be relied upon.
   *
   * @param pooling what the user says about that
   * @return false if each transaction may come to another session
   */
  public boolean keepsSession(Pooling pooling) {
    return pooling.keepsSession(direct);
  }

  /**
   * The schema in which the session creates what is not qualified. {@link Connection#getSchema}
   * asks the same, but older pools do not have it.
   *
   * @param connection any connection to PostgreSQL
   * @return the schema; empty if there is none
   * @throws SQLException if the server cannot be asked
   */
  public static String currentSchema(Connection connection) throws SQLException {
    return Objects.requireNonNullElse(LockSql.currentSchema(connection), "");
  }

  /**
   * Whether two connections lead to the server by one and the same session, without asking it.
   *
   * @param one any connection
   * @param other any connection
   * @return false also where a pool or another driver hides what its connections stand for
   */
  public static boolean isSameSession(Connection one, Connection other) {
    if (one == other) {
      return true;
    }
    Connection physical = physical(one);
    return physical != null && physical == physical(other);
  }

  /**
   * What a pool's connection stands for; null without pgjdbc, or where the pool hides it. Agroal
   * warns of connections that were unwrapped, but its metadata are the driver's own.
   */
  static @Nullable Connection physical(Connection connection) {
    Connection found = pgjdbc(() -> connection.getMetaData().getConnection());
    return found != null ? found : pgjdbc(() -> connection.unwrap(PGConnection.class));
  }

  /** A way to the driver's connection. */
  @FunctionalInterface
  private interface Way {
    Object follow() throws SQLException;
  }

  private static @Nullable Connection pgjdbc(Way way) {
    try {
      return way.follow() instanceof PGConnection driver && driver instanceof Connection found
          ? found
          : null;
    } catch (SQLException | RuntimeException | LinkageError e) {
      return null;
    }
  }

  /** Whether a connection is served by a backend that serves another one. */
  static boolean isServedBy(int backendPid, Connection connection) throws SQLException {
    return physical(connection) instanceof PGConnection told
        && told.getBackendPID() == backendPid // which saves most questions
        && LockSql.backend(connection).pid() == backendPid;
  }

  /** A direct connection was told its backend's pid; a pooler makes numbers of its own up. */
  static boolean isDirect(@Nullable Connection physical, int backendPid) {
    return !(physical instanceof PGConnection told) || told.getBackendPID() == backendPid;
  }
}
