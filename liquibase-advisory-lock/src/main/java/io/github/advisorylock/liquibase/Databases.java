package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockException;
import java.sql.Connection;
import java.util.Set;
import liquibase.CatalogAndSchema;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.database.ObjectQuotingStrategy;
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
   * @throws UnexpectedLiquibaseException if that setting cannot be used, or Liquibase's own sources
   *     have settings of the lock for a database without advisory locks
   */
  static boolean areLockedByUs(Database database) {
    if (!(database.getConnection() instanceof JdbcConnection)) { // such as an offline one
      return false;
    }
    try {
      if (WITH_ADVISORY_LOCKS.contains(database.getShortName())) {
        return LiquibaseSettings.isActive();
      }
      refuseSettingsFor(database);
      return false;
    } catch (LockException e) {
      throw new UnexpectedLiquibaseException(e.getMessage(), e);
    }
  }

  private static void refuseSettingsFor(Database database) {
    if (LiquibaseSettings.areSetHere() && LiquibaseSettings.isActive()) {
      throw new UnexpectedLiquibaseException(
          "%s* is set, but the database is not PostgreSQL (it says %s), and has no advisory locks. Remove the settings, or set %sactive=false"
              .formatted(
                  AdvisoryLockConfiguration.PREFIX,
                  database.getDatabaseProductName(),
                  AdvisoryLockConfiguration.PREFIX));
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
   * Rolls back what is open, and leaves no transaction behind. Liquibase's rollback sets the search
   * path anew, which opens the next one; releases before 5.0 rely on it from then on, so it is
   * committed.
   */
  static void leaveTransaction(Database database) throws DatabaseException {
    database.rollback();
    database.commit();
  }

  /**
   * Where Liquibase's own tables are, with the names that it gives to the driver. It does so only
   * as long as it quotes in the usual way: a changelog may have it quote in another.
   */
  static CatalogAndSchema home(Database database) {
    ObjectQuotingStrategy found = database.getObjectQuotingStrategy();
    database.setObjectQuotingStrategy(ObjectQuotingStrategy.LEGACY);
    try {
      return new CatalogAndSchema(
              database.getLiquibaseCatalogName(), database.getLiquibaseSchemaName())
          .customize(database);
    } finally {
      database.setObjectQuotingStrategy(found);
    }
  }
}
