package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.Patience;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;
import liquibase.executor.Executor;
import liquibase.executor.ExecutorService;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.StandardLockService;
import liquibase.sqlgenerator.core.LockDatabaseChangeLogGenerator;
import liquibase.statement.DatabaseFunction;
import liquibase.statement.core.UpdateStatement;

/**
 * The row of DATABASECHANGELOGLOCK, taken along with the advisory lock, so that runners without
 * advisory locks see it.
 *
 * <p>The row says under which advisory lock it was taken: whoever holds that lock later knows that
 * its writer is gone, and need not wait.
 */
final class TableLockRow {

  private static final Duration BETWEEN_REPORTS = Duration.ofSeconds(10);
  private static final int LONGEST_NAME = 255;
  private static final String MARK = " under advisory lock ";

  private final Database database;
  private final StandardLockService service;
  private final String mark;

  private TableLockRow(Database database, LockKey key) {
    this.database = database;
    this.service = OldTableLock.standardService(database);
    this.mark = MARK + key.value();
  }

  /**
   * Waits for the row and takes it. The advisory lock must be held.
   *
   * @param patience of the whole wait, which began with that for the advisory lock
   * @throws TableLockedException if it does not become free in time
   * @throws LockException if it is not to be had for another reason, or the thread was interrupted;
   *     its interrupt flag is set then
   */
  static TableLockRow take(Database database, LockKey key, Patience patience)
      throws LockException, DatabaseException {
    TableLockRow row = new TableLockRow(database, key);
    row.waitFor(patience);
    return row;
  }

  /**
   * Clears the row as Liquibase's own service does, unless a run that holds the advisory lock has
   * taken it: to clear that one would let a runner without advisory locks in beside it.
   *
   * @throws LockException if the row cannot be cleared
   */
  static void clearUnlessInUse(Database database, LiquibaseSettings settings)
      throws LockException, DatabaseException {
    Optional<DatabaseChangeLogLock> locked =
        Arrays.stream(OldTableLock.standardService(database).listLocks()).findFirst();
    if (locked.isEmpty()) {
      return;
    }
    String signature = locked.get().getLockedBy();
    if (signature == null) {
      OldTableLock.standardService(database).forceReleaseLock(); // it was locked by hand
      return;
    }
    if (!signature.contains(MARK)) {
      clear(database, signature);
      return;
    }
    if (!isClearedAfterItsRun(database, settings, signature)) {
      Messages.info(
          "The row of %s was not cleared: locked by %s, a run with the advisory lock. That run or the next one with its key frees it"
              .formatted(database.getDatabaseChangeLogLockTableName(), signature));
    }
  }

  /** Under the advisory lock, so that the run which has taken the row is over. */
  private static boolean isClearedAfterItsRun(
      Database database, LiquibaseSettings settings, String signature)
      throws LockException, DatabaseException {
    if (!signature.endsWith(MARK + settings.keyFor(database).value())) {
      return false;
    }
    Optional<RunLock> taken = Optional.empty();
    try {
      taken = HeldLocks.acquire(database, settings, settings.withoutWaiting(), LockedStep.COMMAND);
      if (taken.filter(lock -> !lock.isOfOuterRun()).isEmpty()) {
        return false;
      }
      clear(database, signature);
      return true;
    } catch (LockException e) {
      if (HeldLocks.isHeldByOther(e)) {
        return false;
      }
      throw e;
    } finally {
      taken.ifPresent(HeldLocks::end);
    }
  }

  /** By a statement that leaves a row alone which another run has taken in the meantime. */
  private static void clear(Database database, String signature) throws DatabaseException {
    database.rollback();
    executor(database)
        .update(
            row(database)
                .addNewColumnValue("LOCKED", false)
                .addNewColumnValue("LOCKGRANTED", null)
                .addNewColumnValue("LOCKEDBY", null)
                .setWhereClause(
                    String.join(
                        " AND ",
                        "ID operator(pg_catalog.=) 1",
                        "LOCKEDBY operator(pg_catalog.=) '"
                            + database.escapeStringForDatabase(signature)
                            + "'")));
    database.commit();
  }

  private static Executor executor(Database database) {
    return Scope.getCurrentScope()
        .getSingleton(ExecutorService.class)
        .getExecutor("jdbc", database);
  }

  private static UpdateStatement row(Database database) {
    return new UpdateStatement(
        database.getLiquibaseCatalogName(),
        database.getLiquibaseSchemaName(),
        database.getDatabaseChangeLogLockTableName());
  }

  private void waitFor(Patience patience) throws LockException, DatabaseException {
    Duration nextReport = Duration.ZERO;
    while (true) {
      patience.countTry();
      if (isTaken()) {
        return;
      }
      Optional<DatabaseChangeLogLock> locked = Arrays.stream(service.listLocks()).findFirst();
      Databases.leaveTransaction(database); // before a pause, or an index of others waits for us
      if (locked.filter(lock -> lock.getLockedBy().endsWith(mark)).isPresent()) {
        service.forceReleaseLock(); // we hold the advisory lock, so whoever wrote that is gone
        continue;
      }
      String holder = locked.map(this::describe).orElse("somebody who has just left");
      if (patience.isExhausted()) {
        throw new TableLockedException(
            "Gave up on %s after %d s: it is locked by %s. That is a Liquibase without advisory locks. Let it finish, or, if it is dead, clear its row: run release-locks with %stableLock=honour"
                .formatted(
                    database.getDatabaseChangeLogLockTableName(),
                    patience.waited().toSeconds(),
                    holder,
                    AdvisoryLockConfiguration.PREFIX));
      }
      if (patience.waited().compareTo(nextReport) >= 0) {
        Messages.info(
            "Waiting for %s, which is locked by %s"
                .formatted(database.getDatabaseChangeLogLockTableName(), holder));
        nextReport = patience.waited().plus(BETWEEN_REPORTS);
      }
      try {
        patience.pause();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LockException(
            "Interrupted while waiting for " + database.getDatabaseChangeLogLockTableName(), e);
      }
    }
  }

  private String describe(DatabaseChangeLogLock lock) {
    return "%s since %s".formatted(lock.getLockedBy(), lock.getLockGranted().toInstant());
  }

  /**
   * Takes the row, if it is free, and signs it by the same statement: if a run died in between,
   * nobody would know that its row is left over.
   */
  private boolean isTaken() throws LockException, DatabaseException {
    database.rollback();
    service.init();
    int taken =
        executor(database)
            .update(
                row(database)
                    .addNewColumnValue("LOCKED", true)
                    .addNewColumnValue(
                        "LOCKGRANTED", new DatabaseFunction(database.getCurrentDateTimeFunction()))
                    .addNewColumnValue("LOCKEDBY", signature())
                    .setWhereClause(
                        String.join(" AND ", "ID operator(pg_catalog.=) 1", "NOT LOCKED")));
    database.commit();
    return taken == 1;
  }

  private String signature() {
    String writer = Writer.name();
    return writer.substring(0, Math.min(writer.length(), LONGEST_NAME - mark.length())) + mark;
  }

  /** Who writes, as Liquibase's own service says it. */
  private static final class Writer extends LockDatabaseChangeLogGenerator {
    static String name() {
      return hostname + hostDescription + " (" + hostaddress + ")";
    }
  }

  /** Frees the row. */
  void release() throws LockException {
    service.releaseLock();
  }
}
