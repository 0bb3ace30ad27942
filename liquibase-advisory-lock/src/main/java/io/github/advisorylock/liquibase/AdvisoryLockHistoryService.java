package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.RetryPolicy;
import java.util.List;
import java.util.Optional;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.RanChangeSet;
import liquibase.changelog.StandardChangeLogHistoryService;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.DatabaseHistoryException;
import liquibase.exception.LockException;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.lockservice.LockServiceFactory;

/**
 * Liquibase's own history service, but only one runner at a time creates or alters the table
 * DATABASECHANGELOG: Liquibase does so before it takes any lock, and of several replicas that start
 * for the first time, some would fail.
 *
 * <p>The lock is that of {@link AdvisoryLockService}. It is released again at once, since not every
 * command takes it afterwards. Where the table is as it should be, nothing is locked.
 *
 * <p>Also the first of ours that Liquibase calls, and so the place where a setting that cannot be
 * used ends a run before anything has happened. For one thread at a time, like every history
 * service.
 */
public final class AdvisoryLockHistoryService extends StandardChangeLogHistoryService {

  private boolean isReady;

  /** A service that Liquibase gives a database to. */
  public AdvisoryLockHistoryService() {}

  /**
   * Above Liquibase's own.
   *
   * @return {@value AdvisoryLockService#PRIORITY}
   */
  @Override
  public int getPriority() {
    return AdvisoryLockService.PRIORITY;
  }

  /**
   * Whether this service is for the database, as {@link AdvisoryLockService#supports}.
   *
   * @param database any database
   * @return true for a PostgreSQL that Liquibase is connected to
   */
  @Override
  public boolean supports(Database database) {
    return Databases.areLockedByUs(database);
  }

  /**
   * Sees to it that the table is there, and as this Liquibase wants it. Where it creates the table,
   * it creates that of Liquibase's own lock, too, which nothing locks.
   *
   * <p>If there is none and somebody else has the lock, it does nothing: a missing history reads
   * like an empty one, {@code list-locks} and {@code release-locks} must not wait for the lock that
   * they are about, and whoever goes on to write waits for the lock first, and creates the table
   * then.
   *
   * @throws DatabaseException if that fails, or the lock is not to be had for another reason
   * @throws UnexpectedLiquibaseException if a setting cannot be used
   */
  @Override
  public void init() throws DatabaseException {
    if (isReady) {
      return;
    }
    LiquibaseSettings settings = settings();
    ForeignLockService.report(getDatabase());
    HistoryTable table = HistoryTable.of(getDatabase());
    if (table == HistoryTable.COMPLETE || Databases.isOnlyPrinted(getDatabase())) {
      init(table);
      isReady = true;
    } else if (table == HistoryTable.OUTDATED) {
      initUnderLock(table, settings, settings.lock().retry());
      isReady = true;
    } else {
      isReady = initUnlessLocked(table, settings);
    }
  }

  /** Liquibase creates its two tables one after the other, and so they come together here. */
  private void init(HistoryTable table) throws DatabaseException {
    super.init();
    if (table == HistoryTable.ABSENT && isLockedByUs()) {
      OldTableLock.standardService(getDatabase()).init();
    }
  }

  /** False where a program has its own lock service, which has no table or its own. */
  private boolean isLockedByUs() {
    return LockServiceFactory.getInstance().getLockService(getDatabase())
        instanceof AdvisoryLockService;
  }

  private static LiquibaseSettings settings() {
    try {
      return LiquibaseSettings.read();
    } catch (LockConfigurationException e) {
      throw new UnexpectedLiquibaseException(e.getMessage(), e);
    }
  }

  private void initUnderLock(HistoryTable table, LiquibaseSettings settings, RetryPolicy retry)
      throws DatabaseException {
    Optional<RunLock> taken = Optional.empty();
    try {
      taken = HeldLocks.acquire(getDatabase(), settings, retry, LockedStep.HISTORY);
      init(table); // looks again
    } catch (LockException e) {
      throw databaseException(e);
    } finally {
      taken.ifPresent(HeldLocks::end);
    }
  }

  /** In the place of the other, which a stack trace would show with the same message. */
  private static DatabaseException databaseException(LockException failure) {
    return new DatabaseException(failure.getMessage(), failure.getCause());
  }

  private boolean initUnlessLocked(HistoryTable table, LiquibaseSettings settings)
      throws DatabaseException {
    try {
      initUnderLock(table, settings, settings.withoutWaiting());
      return true;
    } catch (DatabaseException e) {
      if (HeldLocks.mayPass(e)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * The changesets that have run.
   *
   * <p>Takes the lock if an update asks that should have taken it: in releases from 4.28 to 4.33,
   * of several updates in one JVM, one may believe that it has the lock since another has.
   *
   * @throws DatabaseException if the history cannot be read, or the lock is not to be had
   */
  @Override
  public List<RanChangeSet> getRanChangeSets() throws DatabaseException {
    if (!Databases.isOnlyPrinted(getDatabase())
        && !HeldLocks.isHeldOn(Databases.connectionOf(getDatabase()))
        && RunningCommands.isUpdateBeyondItsLock()
        && isLockedByUs()) {
      try {
        LockServiceFactory.getInstance().getLockService(getDatabase()).waitForLock();
      } catch (LockException e) {
        throw databaseException(e);
      }
    }
    return super.getRanChangeSets();
  }

  /**
   * Whether a changeset has run, which Liquibase asks right before it would run it.
   *
   * @throws DatabaseException if the history cannot be read, or the lock under which this happens
   *     is lost
   * @throws DatabaseHistoryException if the history is not as it should be
   */
  @Override
  public ChangeSet.RunStatus getRunStatus(ChangeSet changeSet)
      throws DatabaseException, DatabaseHistoryException {
    HeldLocks.verify(Databases.connectionOf(getDatabase()));
    return super.getRunStatus(changeSet);
  }

  /**
   * Writes down what a changeset has come to.
   *
   * @throws DatabaseException if that fails
   */
  @Override
  public void setExecType(ChangeSet changeSet, ChangeSet.ExecType execType)
      throws DatabaseException {
    suspendTimeouts();
    try {
      super.setExecType(changeSet, execType);
    } finally {
      resumeTimeouts();
    }
  }

  /**
   * Strikes out a changeset that has been rolled back.
   *
   * @throws DatabaseException if that fails
   */
  @Override
  public void removeFromHistory(ChangeSet changeSet) throws DatabaseException {
    suspendTimeouts();
    try {
      super.removeFromHistory(changeSet);
    } finally {
      resumeTimeouts();
    }
  }

  private void suspendTimeouts() throws DatabaseException {
    if (!Databases.isOnlyPrinted(getDatabase())) {
      HeldLocks.suspendTimeouts(Databases.connectionOf(getDatabase()));
    }
  }

  private void resumeTimeouts() throws DatabaseException {
    if (!Databases.isOnlyPrinted(getDatabase())) {
      HeldLocks.resumeTimeouts(Databases.connectionOf(getDatabase()));
    }
  }

  /** Forgets what was read from the database. */
  @Override
  public void reset() {
    isReady = false;
    super.reset();
  }
}
