package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * What the server ties the lock to.
 *
 * @see <a href="https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS">
 *     PostgreSQL: Advisory Locks</a>
 */
enum LockLevel {

  /** The session, in autocommit mode. */
  SESSION {
    @Override
    Set<String> functions() {
      return Set.of("pg_try_advisory_lock", "pg_advisory_unlock");
    }

    @Override
    LockSql.Grip tryLock(
        Connection connection,
        LockKey key,
        Map<String, String> settings,
        Duration lease,
        boolean listening,
        boolean promising)
        throws SQLException {
      if (promising) {
        return LockSql.tryAndConfirm(connection, key, settings, listening);
      }
      return LockSql.tryLock(connection, key)
          ? LockSql.confirm(connection, key, settings, listening)
          : LockSql.Grip.NONE;
    }

    @Override
    <T> T ask(Connection connection, Question<T> question) throws SQLException {
      return question.ask(connection);
    }

    @Override
    boolean isHeld(Connection connection, LockKey key) throws SQLException {
      return LockSql.isHeldByThisSession(connection, key);
    }

    @Override
    boolean unlock(Connection connection, LockKey key, boolean wake) throws SQLException {
      boolean unlocked = false;
      if (wake) {
        try {
          return LockSql.unlockAndWake(connection, key);
        } catch (SQLException e) {
          if (!SqlStates.isAboutNotifying(e)) {
            throw e;
          }
          unlocked = SqlStates.NOTIFICATION_QUEUE_FULL.equals(SqlStates.of(e));
        }
      }
      return LockSql.unlock(connection, key) || unlocked;
    }

    @Override
    void restore(Connection connection, Map<String, String> found, Map<String, String> ours)
        throws SQLException {
      LockSql.restore(connection, found, ours);
    }
  },

  /**
   * A transaction at READ COMMITTED that is begun for each try and stays open while the lock is
   * held: what a pooler leaves with one session of the server. Its last statement never takes a
   * snapshot, which a CREATE INDEX CONCURRENTLY would wait for. All settings end with it.
   */
  TRANSACTION {
    @Override
    Set<String> functions() {
      return Set.of("pg_try_advisory_xact_lock");
    }

    @Override
    LockSql.Grip tryLock(
        Connection connection,
        LockKey key,
        Map<String, String> settings,
        Duration lease,
        boolean listening,
        boolean promising)
        throws SQLException {
      return LockSql.tryLockForTransaction(connection, key, settings, lease);
    }

    /** Any failure outside of a savepoint would end the transaction, and with it the lock. */
    @Override
    <T> T ask(Connection connection, Question<T> question) throws SQLException {
      LockSql.setSavepoint(connection);
      T answer;
      try {
        answer = question.ask(connection);
      } catch (SQLException | RuntimeException e) {
        leaveSavepoint(connection, e);
        throw e;
      }
      LockSql.releaseSavepoint(connection); // which takes no snapshot
      return answer;
    }

    /** If the session has ended, only the failure says why: the server says that once. */
    private void leaveSavepoint(Connection connection, Exception failure) {
      try {
        LockSql.rollbackToSavepoint(connection);
        LockSql.releaseSavepoint(connection);
      } catch (SQLException e) {
        failure.addSuppressed(e);
      }
    }

    @Override
    boolean isHeld(Connection connection, LockKey key) throws SQLException {
      return LockSql.isHeldByThisTransaction(connection, key);
    }

    @Override
    boolean unlock(Connection connection, LockKey key, boolean wake) throws SQLException {
      boolean held = isHeld(connection, key);
      LockSql.rollback(connection);
      return held;
    }

    @Override
    void restore(Connection connection, Map<String, String> found, Map<String, String> ours) {
      // nothing was set
    }
  };

  /** Something to ask the server while the lock may be held. */
  @FunctionalInterface
  interface Question<T> {
    T ask(Connection connection) throws SQLException;
  }

  /**
   * Tries once, and looks at the lock if it was granted.
   *
   * @param settings what is to be set while it is held
   * @param lease how long the client may be silent afterwards; zero for ever
   * @param listening whether this session listens for the release
   * @param promising whether it is likely to be granted, so that it is to be quick then; otherwise
   *     it costs little if it is not
   */
  abstract LockSql.Grip tryLock(
      Connection connection,
      LockKey key,
      Map<String, String> settings,
      Duration lease,
      boolean listening,
      boolean promising)
      throws SQLException;

  /** The functions that lock and unlock. */
  abstract Set<String> functions();

  /** Asks so that a failure does no harm to the lock, and no snapshot stays behind. */
  abstract <T> T ask(Connection connection, Question<T> question) throws SQLException;

  /** Whether the lock that was granted is still held, asked so that no index waits for it. */
  abstract boolean isHeld(Connection connection, LockKey key) throws SQLException;

  /**
   * Unlocks.
   *
   * @param wake whether to wake one of those up who wait, where that is possible
   * @return false if the lock was not held any more
   */
  abstract boolean unlock(Connection connection, LockKey key, boolean wake) throws SQLException;

  /**
   * Restores the settings, when the lock is not held any more.
   *
   * @see LockSql#restore
   */
  abstract void restore(Connection connection, Map<String, String> found, Map<String, String> ours)
      throws SQLException;
}
