package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockException;
import java.util.List;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.executor.jvm.JdbcExecutor;
import liquibase.sql.visitor.SqlVisitor;
import liquibase.statement.SqlStatement;

/**
 * Liquibase's own executor of statements, but one that says more of a statement that {@code
 * liquibase.advisoryLock.migrationLockTimeout} or {@code migrationStatementTimeout} has ended: only
 * here is the failure seen before Liquibase reports it. Not used unless one of them is set.
 *
 * <p>For one thread at a time, like every executor.
 */
public final class AdvisoryLockExecutor extends JdbcExecutor {

  /** An executor that Liquibase gives a database to. */
  public AdvisoryLockExecutor() {}

  /**
   * Right above Liquibase's own, so that anybody else's goes first.
   *
   * @return one more than that
   */
  @Override
  public int getPriority() {
    return super.getPriority() + 1;
  }

  /**
   * Whether this executor is for the database.
   *
   * @param database any database
   * @return true for one that {@link AdvisoryLockService#supports}, if one of the timeouts is set
   */
  @Override
  public boolean supports(Database database) {
    try {
      return super.supports(database)
          && Databases.areLockedByUs(database)
          && LiquibaseSettings.haveTimeoutsForWork();
    } catch (LockException | UnexpectedLiquibaseException e) {
      return false; // whoever needs the setting says what is wrong with it
    }
  }

  /**
   * Executes a statement.
   *
   * @throws DatabaseException if it fails; names who was in the way, if a timeout has ended it
   */
  @Override
  public void execute(SqlStatement sql, List<SqlVisitor> sqlVisitors) throws DatabaseException {
    HeldLocks.boundTransaction(Databases.connectionOf(database));
    try {
      super.execute(sql, sqlVisitors);
    } catch (DatabaseException e) {
      throw HeldLocks.explained(e, Databases.connectionOf(database));
    }
  }
}
