package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** What dedicated and borrowed sessions have in common. */
abstract class JdbcSession extends LockSession {

  /** What is known of the key. */
  private enum Grip {
    /** It was not taken. */
    NONE,
    /** A try for it failed, perhaps after the server had granted it. */
    UNSURE,
    /** The server said that it was granted. */
    TAKEN
  }

  private static final String NOT_HELD =
      "the session no longer held it: a statement on it has released it, such as DISCARD ALL or"
          + " pg_advisory_unlock_all()";

  private final SessionName sessionName;
  private @Nullable Connection connection;

  /** What a pool's connection stands for: still to be reached when that has been given back. */
  private @Nullable Connection physical;

  private final Map<String, String> foundSettings = new LinkedHashMap<>();
  private Grip grip = Grip.NONE;

  JdbcSession(SessionName sessionName) {
    this.sessionName = sessionName;
  }

  /** A connection in autocommit mode. */
  abstract Connection connect(LockKey key) throws SQLException;

  /** Whether the session is there for the lock alone, so that its settings may be ours. */
  abstract boolean isOurs();

  /** The key is held: the connection goes back to its owner's mode, if it has another owner. */
  abstract void startHolding() throws SQLException;

  /** The settings are as they were; also called when that failed or the connection has ended. */
  abstract void disconnect(Connection connection) throws SQLException;

  @Override
  final void open(LockKey key) throws SQLException {
    if (connection != null) {
      return;
    }
    Connection opened = connect(key);
    connection = opened;
    physical = physicalOf(opened);
    LockSql.Look look = LockSql.look(opened, key);
    refuseUnlessReliable(key, look);
    foundSettings.put(LockSql.APPLICATION_NAME, look.applicationName());
    if (isOurs()) {
      foundSettings.putAll(LockSql.disableTimeouts(opened));
    }
  }

  private void refuseUnlessReliable(LockKey key, LockSql.Look look) {
    if (physical != null && wasToldOtherPid(physical, look.backendPid())) {
      throw new LockUnavailableException(
          key,
          "a pooler such as PgBouncer stands between here and the server, and may hand each"
              + " statement to another session. Give the lock a direct connection with the settings"
              + " url, user and password",
          null);
    }
    if (look.standby()) {
      throw new LockUnavailableException(
          key,
          "the server is a read-only standby, and its locks are not those of its primary. Connect"
              + " to the primary, such as with targetServerType=primary",
          null);
    }
    if (look.alreadyHeld()) {
      throw new LockUnavailableException(
          key,
          "its session holds it already: somebody took it on this connection and did not release"
              + " it. Release it before, or use another key",
          null);
    }
  }

  @Override
  final boolean tryLock(LockKey key) throws SQLException {
    Connection current = current();
    grip = Grip.UNSURE;
    grip = LockSql.tryLock(current, key) ? Grip.TAKEN : Grip.NONE;
    if (grip == Grip.NONE) {
      return false;
    }
    if (!LockSql.confirm(current, key, sessionName.holding(key))) {
      throw new LockUnavailableException(
          key,
          "the server granted it, but pg_locks does not show it under this session. The server only"
              + " pretends to have advisory locks, or a pooler hands each statement to another"
              + " session. Use a direct connection to PostgreSQL",
          null);
    }
    startHolding();
    return true;
  }

  @Override
  final void announceWaiting(LockKey key) throws SQLException {
    LockSql.set(current(), Map.of(LockSql.APPLICATION_NAME, sessionName.waiting(key)));
  }

  @Override
  final @Nullable LockHolder holder(LockKey key) throws SQLException {
    return LockSql.holder(current(), key);
  }

  @Override
  final Optional<String> giveBack(LockKey key) {
    Connection current = connection;
    if (current == null) {
      return Optional.empty();
    }
    boolean wasTaken = grip == Grip.TAKEN;
    Optional<String> problem;
    try {
      problem = letGo(current, key);
    } catch (SQLException e) {
      problem = Optional.of(Text.of(e));
    } catch (RuntimeException e) { // from some pool's wrapper
      problem = Optional.of(e.toString());
    }
    if (problem.isPresent() && (isOurs() || grip != Grip.NONE)) {
      endPhysically(current);
    }
    forget(current);
    return wasTaken ? problem : Optional.empty();
  }

  private Optional<String> letGo(Connection current, LockKey key) throws SQLException {
    try {
      return unlockAndRestore(current, key);
    } catch (SQLException e) {
      if (!SqlStates.IN_FAILED_TRANSACTION.equals(SqlStates.of(e))) {
        throw e;
      }
      LockSql.rollback(current);
      return unlockAndRestore(current, key);
    }
  }

  private Optional<String> unlockAndRestore(Connection current, LockKey key) throws SQLException {
    try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
      if (grip == Grip.NONE) {
        LockSql.set(scope.connection(), foundSettings);
        return Optional.empty();
      }
      boolean unlocked = LockSql.unlockAndRestore(scope.connection(), key, foundSettings);
      return unlocked || grip == Grip.UNSURE ? Optional.empty() : Optional.of(NOT_HELD);
    }
  }

  /** Drops a connection that failed, in such a way that the server frees whatever it holds. */
  final void abandon() {
    if (connection != null) {
      endPhysically(connection);
      forget(connection);
    }
  }

  private void forget(Connection current) {
    connection = null;
    physical = null;
    foundSettings.clear();
    grip = Grip.NONE;
    try {
      disconnect(current);
    } catch (SQLException | RuntimeException e) {
      // A connection that cannot be given back has ended, and the lock with it.
      System.getLogger(JdbcSession.class.getName())
          .log(System.Logger.Level.DEBUG, "Giving a connection back failed", e);
    }
  }

  /**
   * Ends the session on the server, whatever pool the connection comes from, and lets that pool
   * notice, so that nobody gets it who believes it to be free of locks.
   */
  private void endPhysically(Connection current) {
    try {
      if (physical == null) {
        LockSql.terminateThisSession(current);
      } else {
        physical.abort(Runnable::run);
      }
      LockSql.touch(current);
    } catch (SQLException | RuntimeException e) {
      // As it should be: the connection has ended.
      System.getLogger(JdbcSession.class.getName())
          .log(System.Logger.Level.DEBUG, "The lock session has been ended", e);
    }
  }

  /** A direct connection is told its backend's pid; a pooler makes numbers of its own up. */
  private static boolean wasToldOtherPid(Connection physical, int backendPid) {
    return physical instanceof PGConnection told && told.getBackendPID() != backendPid;
  }

  private static @Nullable Connection physicalOf(Connection current) {
    try {
      return current.unwrap(PGConnection.class) instanceof Connection found ? found : null;
    } catch (SQLException | RuntimeException | LinkageError e) {
      return null; // no pgjdbc, or not to be reached through this pool
    }
  }

  private Connection current() {
    if (connection == null) {
      throw new IllegalStateException("The session is not open");
    }
    return connection;
  }
}
