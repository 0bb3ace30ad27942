package io.github.advisorylock.liquibase;

import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;
import liquibase.lockservice.StandardLockService;
import org.jspecify.annotations.Nullable;

/**
 * A run whose SQL is only printed. It takes no lock, so it does not wait for one. With {@code
 * tableLock=honour} it prints the statements of Liquibase's own lock.
 */
final class PrintedRun {

  private final @Nullable StandardLockService tableLock;

  private PrintedRun(@Nullable StandardLockService tableLock) {
    this.tableLock = tableLock;
  }

  /** Rolls back what is open, as Liquibase does, and prints how the lock's row is taken. */
  static PrintedRun start(Database database, TableLock mode)
      throws LockException, DatabaseException {
    if (mode == TableLock.WARN) {
      database.rollback();
      return new PrintedRun(null);
    }
    StandardLockService service = OldTableLock.standardService(database);
    service.waitForLock(); // asks nothing of the server while it prints
    return new PrintedRun(service);
  }

  /** Prints how the lock's row is freed. */
  void end() throws LockException {
    if (tableLock != null) {
      tableLock.releaseLock();
    }
  }
}
