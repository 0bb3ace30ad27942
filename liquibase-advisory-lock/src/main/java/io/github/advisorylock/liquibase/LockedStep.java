package io.github.advisorylock.liquibase;

import liquibase.database.Database;
import liquibase.exception.DatabaseException;

/**
 * The steps of Liquibase that run under the lock. The lock is taken outside of any transaction, and
 * the one that is open may hold work of the caller or the set-up of a pool. So each step ends it as
 * Liquibase itself does at the same point.
 */
enum LockedStep {
  /**
   * Creates or alters the history. Liquibase commits after each statement of that, and leaves the
   * search path alone.
   */
  HISTORY {
    @Override
    void beforeLock(Database database) throws DatabaseException {
      database.commit();
    }

    @Override
    void beforeRelease(Database database) throws DatabaseException {
      database.getConnection().rollback();
    }
  },

  /** Runs a command. Liquibase rolls back before it takes its lock and before it releases it. */
  COMMAND {
    @Override
    void beforeLock(Database database) throws DatabaseException {
      Databases.leaveTransaction(database);
    }

    @Override
    void beforeRelease(Database database) throws DatabaseException {
      Databases.leaveTransaction(database);
    }
  };

  /** Ends the transaction that is open when the step begins. */
  abstract void beforeLock(Database database) throws DatabaseException;

  /** Rolls back what the step has not committed. */
  abstract void beforeRelease(Database database) throws DatabaseException;
}
