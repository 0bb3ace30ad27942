package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Server;
import java.sql.SQLException;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.exception.DatabaseException;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.resource.ClassLoaderResourceAccessor;

/** Whichever lock service Liquibase finds on the class path, used as Liquibase uses it. */
final class LiquibaseRunner implements Runner {

  private final Database database;

  LiquibaseRunner(String url) throws DatabaseException {
    database =
        DatabaseFactory.getInstance()
            .openDatabase(url, Server.USER, "", null, new ClassLoaderResourceAccessor());
  }

  @Override
  public void hold(Section section) throws Exception {
    LockService lock = LockServiceFactory.getInstance().getLockService(database);
    lock.waitForLock();
    try {
      section.run();
    } finally {
      lock.releaseLock();
    }
  }

  @Override
  public void close() throws SQLException {
    try {
      database.close();
    } catch (DatabaseException e) {
      throw new SQLException(e);
    }
  }
}
