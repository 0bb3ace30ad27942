package io.github.advisorylock.liquibase;

import java.sql.ResultSet;
import java.sql.SQLException;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.LockException;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.StandardLockService;

/** The table DATABASECHANGELOGLOCK of a Liquibase that runs, or ran, without advisory locks. */
final class OldTableLock {

  private OldTableLock() {}

  /** Warns if a row says locked. */
  static void report(Database database) {
    try {
      if (exists(database)) {
        for (DatabaseChangeLogLock row : standardService(database).listLocks()) {
          Messages.warn(warning(database, row));
        }
      }
    } catch (LockException | SQLException e) {
      Scope.getCurrentScope()
          .getLog(AdvisoryLockService.class)
          .fine("The table of Liquibase's own lock cannot be read", e);
    }
  }

  /**
   * Whether the table is there. Liquibase finds that out by selecting from it, and each run would
   * leave an error in the server's log.
   */
  static boolean exists(Database database) throws SQLException {
    String schema = Databases.home(database).getSchemaName();
    String table = database.getDatabaseChangeLogLockTableName(); // in lower case by itself
    try (ResultSet tables =
        Databases.connectionOf(database).getMetaData().getTables(null, schema, table, null)) {
      return tables.next();
    }
  }

  private static String warning(Database database, DatabaseChangeLogLock row) {
    return ("%s says that it has been locked by %s since %s. The advisory lock does not look at it:"
            + " if Liquibase runs there without advisory locks, both work at once now. If not, the"
            + " row is left over: clear it with release-locks and %sactive=false, or drop the table")
        .formatted(
            database.getDatabaseChangeLogLockTableName(),
            row.getLockedBy(),
            row.getLockGranted().toInstant(),
            AdvisoryLockConfiguration.PREFIX);
  }

  /** Liquibase's own lock service, for its table. */
  static StandardLockService standardService(Database database) {
    StandardLockService service = new StandardLockService();
    service.setDatabase(database);
    return service;
  }
}
