package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockException;
import java.sql.Connection;
import java.util.Set;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.executor.ExecutorService;

/** Which databases are ours, and the connection that Liquibase works on. */
final class Databases {

  /** By name, since databases that only look like PostgreSQL extend its class. */
  private static final Set<String> WITH_ADVISORY_LOCKS = Set.of("postgresql", "edb");

  private Databases() {}

  /**
   * Whether the database is locked by us: a PostgreSQL that Liquibase is connected to, unless the
   * user switched us off. Any other is left to Liquibase's own services.
   *
   * @throws UnexpectedLiquibaseException if that setting cannot be used
   */
  static boolean areLockedByUs(Database database) {
    try {
      return WITH_ADVISORY_LOCKS.contains(database.getShortName())
          && database.getConnection() instanceof JdbcConnection // not an offline one
          && LiquibaseSettings.isActive();
    } catch (LockException e) {
      throw new UnexpectedLiquibaseException(e.getMessage(), e);
    }
  }

  static Connection connectionOf(Database database) {
    if (database.getConnection() instanceof JdbcConnection connection
        && connection.getUnderlyingConnection() != null) {
      return connection.getUnderlyingConnection();
    }
    throw new UnexpectedLiquibaseException("The database is not connected");
  }

  /** Whether what Liquibase would do to the database is written down as SQL, and not done. */
  static boolean isOnlyPrinted(Database database) {
    return !Scope.getCurrentScope()
        .getSingleton(ExecutorService.class)
        .getExecutor("jdbc", database)
        .updatesDatabase();
  }

  /**
   * Rolls back what is open, and leaves no transaction behind: not by the rollback of Liquibase's
   * database, which opens the next one to set the search path in it.
   */
  static void leaveTransaction(Database database) throws DatabaseException {
    database.getConnection().rollback();
  }
}
