package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session's work under a lock that another session holds. May be closed from any thread, more
 * than once.
 *
 * @see HeldLock#startWork
 */
public final class Work implements AutoCloseable {

  private final Connection connection;
  private final @Nullable Connection physical;
  private final LockKey workKey;
  private final Map<String, String> foundSettings;
  private final Map<String, String> ourSettings;
  private final boolean endsWithTransaction;
  private boolean ended;

  private Work(
      Connection connection,
      LockKey workKey,
      Map<String, String> foundSettings,
      Map<String, String> ourSettings,
      boolean endsWithTransaction) {
    this.connection = connection;
    this.physical = Endpoint.physical(connection);
    this.workKey = workKey;
    this.foundSettings = foundSettings;
    this.ourSettings = ourSettings;
    this.endsWithTransaction = endsWithTransaction;
  }

  static Work ofTransaction(Connection working, LockKey key, Map<String, String> settings)
      throws SQLException {
    LockKey workKey = key.forWork();
    refuseUnless(LockSql.shareForTransaction(working, workKey, settings), workKey);
    return new Work(working, workKey, Map.of(), Map.of(), true);
  }

  static Work ofSession(Connection working, LockKey key, Map<String, String> settings)
      throws SQLException {
    LockKey workKey = key.forWork();
    try (AutoCommit scope = AutoCommit.unlessInTransaction(working)) {
      Map<String, String> found = LockSql.settings(scope.connection(), settings.keySet());
      refuseUnless(LockSql.share(scope.connection(), workKey, settings), workKey);
      Map<String, String> ours = SessionSettings.leftToScripts(settings);
      return new Work(working, workKey, found, ours, false);
    }
  }

  private static void refuseUnless(boolean shared, LockKey workKey) {
    if (!shared) {
      throw new LockUnavailableException(
          workKey,
          "another session has locked it for itself alone, which nothing here ever does. Look who:"
              + " "
              + LockSql.showHolder(workKey),
          null);
    }
  }

  /**
   * Whether the end of the transaction is the end of this work, so that nothing has to be closed.
   *
   * @return false if only {@link #close}, or the end of the session, ends it
   */
  public boolean endsWithTransaction() {
    return endsWithTransaction;
  }

  /**
   * Says that the work has ended. Never throws; if the server does not answer, the connection is
   * ended, also one that its owner has given back to a pool in the meantime.
   */
  @Override
  public synchronized void close() {
    if (ended || endsWithTransaction) {
      return;
    }
    ended = true;
    if (!unshare()) {
      JdbcSession.endPhysically(connection, physical);
    }
  }

  private boolean unshare() {
    try {
      boolean wasGivenBack = connection.isClosed();
      Connection reachable = wasGivenBack ? physical : connection;
      if (reachable == null || reachable.isClosed()) {
        return reachable != null; // a physical connection that has ended has let go of everything
      }
      if (wasGivenBack && !reachable.getAutoCommit()) {
        return false; // whoever has it now must not find a transaction open
      }
      try (AutoCommit scope = AutoCommit.unlessInTransaction(reachable)) {
        LockSql.unshareAndRestore(scope.connection(), workKey, foundSettings, ourSettings);
        return true; // also if a script had unlocked it: then nothing is left to unlock
      }
    } catch (Throwable e) { // from the server, some pool's wrapper, or no memory left
      System.getLogger(Work.class.getName())
          .log(System.Logger.Level.DEBUG, "The end of the work could not be confirmed", e);
      return false;
    }
  }
}
