package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

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
    boolean tryLock(Connection connection, LockKey key, Duration lease) throws SQLException {
      return LockSql.tryLock(connection, key);
    }

    @Override
    LockSql.Grip confirm(Connection connection, LockKey key, Map<String, String> settings)
        throws SQLException {
      return LockSql.confirm(connection, key, settings, false);
    }

    @Override
    <T> T ask(Connection connection, Question<T> question) throws SQLException {
      return question.ask(connection);
    }

    @Override
    boolean unlockAndRestore(Connection connection, LockKey key, Map<String, String> settings)
        throws SQLException {
      return LockSql.unlockAndRestore(connection, key, settings);
    }

    @Override
    void restore(Connection connection, Map<String, String> settings) throws SQLException {
      LockSql.set(connection, settings);
    }
  },

  /**
   * A transaction at READ COMMITTED that is begun for each try and stays open while the lock is
   * held: what a pooler leaves with one session of the server. Its last statement never takes a
   * snapshot, which a CREATE INDEX CONCURRENTLY would wait for. All settings end with it.
   */
  TRANSACTION {
    @Override
    boolean tryLock(Connection connection, LockKey key, Duration lease) throws SQLException {
      return LockSql.tryLockForTransaction(connection, key, lease);
    }

    @Override
    LockSql.Grip confirm(Connection connection, LockKey key, Map<String, String> settings)
        throws SQLException {
      LockSql.Grip grip = LockSql.confirm(connection, key, settings, true);
      LockSql.dropSnapshot(connection);
      return grip;
    }

    /** Any failure outside of a savepoint would end the transaction, and with it the lock. */
    @Override
    <T> T ask(Connection connection, Question<T> question) throws SQLException {
      LockSql.setSavepoint(connection);
      try {
        return question.ask(connection);
      } catch (SQLException e) {
        LockSql.rollbackToSavepoint(connection);
        throw e;
      } finally {
        LockSql.releaseSavepoint(connection); // which takes no snapshot
      }
    }

    @Override
    boolean unlockAndRestore(Connection connection, LockKey key, Map<String, String> settings)
        throws SQLException {
      boolean held = LockSql.isHeldByThisSession(connection, key);
      LockSql.rollback(connection);
      return held;
    }

    @Override
    void restore(Connection connection, Map<String, String> settings) {
      // nothing was set
    }
  };

  /** Something to ask the server while the lock may be held. */
  @FunctionalInterface
  interface Question<T> {
    T ask(Connection connection) throws SQLException;
  }

  /**
   * Tries once.
   *
   * @param lease how long the client may be silent afterwards; zero for ever
   */
  abstract boolean tryLock(Connection connection, LockKey key, Duration lease) throws SQLException;

  /** Looks at the lock that has been granted, and sets what is to be set while it is held. */
  abstract LockSql.Grip confirm(Connection connection, LockKey key, Map<String, String> settings)
      throws SQLException;

  /** Asks so that a failure does no harm to the lock, and no snapshot stays behind. */
  abstract <T> T ask(Connection connection, Question<T> question) throws SQLException;

  /** Unlocks and brings the settings back; false if the lock was not held any more. */
  abstract boolean unlockAndRestore(
      Connection connection, LockKey key, Map<String, String> settings) throws SQLException;

  /** Brings the settings back where the lock was not granted. */
  abstract void restore(Connection connection, Map<String, String> settings) throws SQLException;
}
