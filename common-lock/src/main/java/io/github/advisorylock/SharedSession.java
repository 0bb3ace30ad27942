package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A session in which a tool holds a lock of its own and writes its records, and in which it also
 * runs scripts, which may release that lock, change settings or close the connection. Safe for use
 * by several threads.
 *
 * @see HeldLock#sharedSession
 */
public final class SharedSession {

  /** Would refuse the records of later scripts, which begin in the same transaction. */
  private static final String READ_ONLY = "default_transaction_read_only";

  /** What could end or refuse a record of the tool's. */
  private static final Set<String> SETTINGS =
      Set.of(
          SessionSettings.STATEMENT_TIMEOUT,
          SessionSettings.LOCK_TIMEOUT,
          "transaction_timeout",
          READ_ONLY);

  private final Connection connection;
  private final @Nullable Connection physical;
  private final Set<String> settings;
  private final LockSql.ScriptedSession found;
  private final Set<Long> keys;

  /** What a script has set for the session, put aside while the tool writes its records. */
  private final Map<String, String> putAside = new LinkedHashMap<>();

  private SharedSession(
      Connection connection, Set<String> settings, LockSql.ScriptedSession found, Set<Long> keys) {
    this.settings = settings;
    this.connection = connection;
    this.physical = Endpoint.physical(connection);
    this.found = found;
    this.keys = keys;
  }

  /**
   * Reads what there is before the first script.
   *
   * @param canReadSettings whether the role may; otherwise scripts change them as they do in stock
   *     Flyway
   * @param ignored settings that the lock itself changes and suspends
   */
  static SharedSession of(
      Connection connection,
      LongPredicate isKeyOfTool,
      boolean canReadSettings,
      Set<String> ignored)
      throws SQLException {
    Set<String> settings = canReadSettings ? SETTINGS : Set.of();
    LockSql.ScriptedSession found = LockSql.scriptedSession(connection, settings);
    found.settings().keySet().removeAll(ignored);
    Set<Long> keys =
        found.keys().stream().filter(isKeyOfTool::test).collect(Collectors.toUnmodifiableSet());
    return new SharedSession(connection, settings, found, keys);
  }

  /**
   * Whether the tool holds a lock of its own in the session of this connection.
   *
   * @param other any connection
   * @return true if it did when the session was first seen, and that was through this connection
   */
  public boolean isLockedThrough(Connection other) {
    return connection == other && !keys.isEmpty();
  }

  /**
   * Prepares the session for the records of the tool, after a script. Acquires the tool's lock
   * again if the script has released it, resets the user and the read-only mode, and suspends the
   * timeouts that the script has set: in a transaction until its end, in autocommit mode until
   * {@link #resume}.
   *
   * @return false if another session has acquired the tool's lock in between
   * @throws SQLException if the server cannot be asked
   */
  public synchronized boolean prepareRecords() throws SQLException {
    LockSql.ScriptedSession now = LockSql.scriptedSession(connection, settings);
    if (!now.user().equals(found.user())) {
      LockSql.resetUser(connection);
    }
    suspend(now.settings());
    boolean held = true;
    for (long key : keys) {
      held &= now.keys().contains(key) || LockSql.tryLock(connection, LockKey.of(key));
    }
    return held;
  }

  private void suspend(Map<String, String> now) throws SQLException {
    Map<String, String> changed = new LinkedHashMap<>(found.settings());
    changed.entrySet().removeIf(setting -> setting.getValue().equals(now.get(setting.getKey())));
    String readOnly = changed.remove(READ_ONLY);
    if (readOnly != null) {
      LockSql.set(connection, Map.of(READ_ONLY, readOnly));
    }
    if (changed.isEmpty()) {
      return;
    }
    if (connection.getAutoCommit()) {
      changed.keySet().forEach(name -> putAside.put(name, String.valueOf(now.get(name))));
      LockSql.set(connection, changed);
    } else {
      LockSql.set(connection, changed, Map.of());
    }
  }

  /**
   * Restores the settings of the scripts, which are in force for the scripts after them.
   *
   * @throws SQLException if the server cannot be asked
   */
  public synchronized void resume() throws SQLException {
    if (!putAside.isEmpty() && !connection.isClosed()) {
      LockSql.set(connection, putAside);
      putAside.clear();
    }
  }

  /**
   * Releases the tool's lock if a script has closed the connection and the session is still there,
   * such as in a pool. The next client of the session may use it already; where releasing could
   * become a part of its next transaction, the session is ended instead. Never throws.
   *
   * @return the process id of the session if it held the lock
   */
  public synchronized Optional<Integer> releaseIfGivenAway() {
    Connection session = physical;
    if (session == null || !isClosed(connection) || isClosed(session)) {
      return Optional.empty();
    }
    boolean held = false;
    try {
      if (session.getAutoCommit() || AutoCommit.isInTransaction(session)) {
        for (long key : keys) {
          held |= LockSql.unlock(session, LockKey.of(key));
        }
        return held ? Optional.of(found.pid()) : Optional.empty();
      }
    } catch (SQLException | RuntimeException e) {
      System.getLogger(SharedSession.class.getName())
          .log(System.Logger.Level.DEBUG, "The release could not be confirmed", e);
    }
    JdbcSession.endPhysically(connection, session);
    return Optional.of(found.pid());
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed(); // asks the driver, not the server
    } catch (SQLException | RuntimeException e) {
      return true;
    }
  }
}
