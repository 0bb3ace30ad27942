package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.Patience;
import io.github.advisorylock.RetryPolicy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import liquibase.Scope;
import liquibase.changelog.ChangeLogHistoryService;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.changelog.StandardChangeLogHistoryService;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.LockService;
import org.jspecify.annotations.Nullable;

/**
 * Liquibase's lock service for PostgreSQL: an advisory lock, on the connection that Liquibase works
 * on, or, with {@code liquibase.advisoryLock.url}, on a dedicated one. No table is used.
 *
 * <p>Has next to no state, since Liquibase discards its services at will; {@link HeldLocks} has it.
 * Safe for use by several threads, each with its own database.
 */
public final class AdvisoryLockService implements LockService {

  /** Above Liquibase's own and other people's table locks, below its service for no database. */
  static final int PRIORITY = 50;

  private volatile @Nullable Database database;
  private volatile @Nullable Long waitMinutes;
  private volatile @Nullable Long pollSeconds;
  private volatile @Nullable PrintedRun printed;

  /** A service that Liquibase gives a database to. */
  public AdvisoryLockService() {}

  /**
   * Above Liquibase's own.
   *
   * @return {@value #PRIORITY}
   */
  @Override
  public int getPriority() {
    return PRIORITY;
  }

  /**
   * Whether this service is for the database. One that Liquibase is not connected to, CockroachDB,
   * and everything that is not PostgreSQL are left to Liquibase's own services, and so is
   * everything with {@code liquibase.advisoryLock.active=false}.
   *
   * @param database any database
   * @return true for a PostgreSQL that Liquibase is connected to
   * @throws UnexpectedLiquibaseException if that setting cannot be used
   */
  @Override
  public boolean supports(Database database) {
    return Databases.areLockedByUs(database);
  }

  @Override
  public void setDatabase(Database database) {
    this.database = database;
  }

  /**
   * Sets the longest wait for this service, where {@code liquibase.advisoryLock.timeout} is not
   * set.
   *
   * @param changeLogLockWaitTime minutes; 0 tries once
   */
  @Override
  public void setChangeLogLockWaitTime(long changeLogLockWaitTime) {
    waitMinutes = changeLogLockWaitTime;
  }

  /**
   * Sets the longest pause for this service, where {@code liquibase.advisoryLock.maxBackoff} is not
   * set.
   *
   * @param changeLogLockRecheckTime seconds, at least 1
   */
  @Override
  public void setChangeLogLockRecheckTime(long changeLogLockRecheckTime) {
    pollSeconds = changeLogLockRecheckTime;
  }

  /**
   * Whether the database's connection is under the lock, or what is done on it is only printed,
   * which needs none.
   *
   * @return true from a successful {@link #waitForLock} or {@link #acquireLock} on
   */
  @Override
  public boolean hasChangeLogLock() {
    return isPrinting() || HeldLocks.isHeldOn(Databases.connectionOf(database()));
  }

  private boolean isPrinting() {
    return printed != null && Databases.isOnlyPrinted(database());
  }

  /**
   * Takes the lock, unless the connection is under it already, and makes Liquibase forget which
   * changesets have run, since others may have run some in the meantime.
   *
   * <p>What was not committed is rolled back, as Liquibase's own service does. If the thread is
   * interrupted, the wait ends immediately. Where Liquibase only prints its SQL, no lock is taken.
   *
   * @throws LockException if the lock is not to be had, with the reason, or the thread was
   *     interrupted; its interrupt flag is set then
   */
  @Override
  public void waitForLock() throws LockException {
    LiquibaseSettings settings = settings();
    acquire(settings, settings.lock().retry());
  }

  /**
   * The same without waiting.
   *
   * @return false if somebody else has the lock
   * @throws LockException if the lock is not to be had for another reason
   */
  @Override
  public boolean acquireLock() throws LockException {
    LiquibaseSettings settings = settings();
    try {
      acquire(settings, settings.withoutWaiting());
      return true;
    } catch (LockException e) {
      if (HeldLocks.isHeldByOther(e)) {
        return false;
      }
      throw e;
    }
  }

  private void acquire(LiquibaseSettings settings, RetryPolicy retry) throws LockException {
    if (Databases.isOnlyPrinted(database())) {
      print(settings);
      return;
    }
    Patience patience = new Patience(retry); // for all there is to wait for
    Optional<RunLock> taken = HeldLocks.acquire(database(), settings, retry, LockedStep.COMMAND);
    if (taken.isEmpty()) {
      return;
    }
    boolean prepared = false;
    try {
      switch (settings.tableLock()) {
        case WARN -> OldTableLock.report(database());
        case HONOUR -> taken.get().takeTableLock(patience);
      }
      refreshHistory();
      database().rollback(); // sets the search path, as Liquibase's own service leaves it
      prepared = true;
    } catch (DatabaseException e) {
      throw new LockException(e);
    } finally {
      if (!prepared) {
        taken.ifPresent(HeldLocks::end);
      }
    }
  }

  private void print(LiquibaseSettings settings) throws LockException {
    if (isPrinting()) {
      return;
    }
    try {
      printed = PrintedRun.start(database(), settings.tableLock());
      historyService().reset();
    } catch (DatabaseException e) {
      throw new LockException(e);
    }
  }

  /**
   * Others may have run changesets in the meantime, and nobody may have created the table yet: see
   * {@link AdvisoryLockHistoryService#init}.
   */
  private void refreshHistory() throws DatabaseException {
    ChangeLogHistoryService history = historyService();
    history.reset();
    if (RunningCommands.needHistory()
        && history instanceof StandardChangeLogHistoryService standard
        && !standard.hasDatabaseChangeLogTable()) { // which Liquibase asks next anyway
      history.reset();
      history.init();
    }
  }

  private ChangeLogHistoryService historyService() {
    return Scope.getCurrentScope()
        .getSingleton(ChangeLogHistoryServiceFactory.class)
        .getChangeLogService(database());
  }

  /**
   * Releases the lock, if the connection is under it. What was not committed is rolled back, as
   * Liquibase's own service does whether it has the lock or not. Does nothing if the lock is that
   * of an outer command.
   *
   * @throws LockException if the release of Liquibase's own lock cannot be printed
   */
  @Override
  public void releaseLock() throws LockException {
    PrintedRun run = printed;
    printed = null;
    if (run != null && Databases.isOnlyPrinted(database())) {
      run.end();
    }
    Connection connection = Databases.connectionOf(database());
    boolean isUnderLock = HeldLocks.isHeldOn(connection);
    HeldLocks.endOn(connection);
    if (!HeldLocks.isHeldOn(connection)) {
      endTransaction(isUnderLock);
    }
  }

  /**
   * Leaves transaction and search path as Liquibase's own service does. That commits the search
   * path where it has a table to update, even if it does not hold the lock.
   */
  private void endTransaction(boolean isCommitted) {
    try {
      database().rollback();
      if (!isCommitted) {
        if (OldTableLock.exists(database())) {
          database().commit();
        }
        database().rollback();
      }
    } catch (DatabaseException | SQLException e) {
      Scope.getCurrentScope()
          .getLog(AdvisoryLockService.class)
          .fine("The transaction could not be rolled back after the lock's release", e);
    }
  }

  /**
   * Who holds the lock, as far as the role may see.
   *
   * @return empty if nobody does, else the holder: its process id, who it is, and when it took the
   *     lock, or the current time if that is another process: the server does not know
   * @throws LockException if the server cannot be asked
   */
  @Override
  public DatabaseChangeLogLock[] listLocks() throws LockException {
    LockKey key = settings().keyFor(database());
    try {
      return LockHolder.find(Databases.connectionOf(database()), key).stream()
          .map(AdvisoryLockService::listed)
          .toArray(DatabaseChangeLogLock[]::new);
    } catch (SQLException e) {
      throw new LockException(ForcedRelease.cannotFind(key, e), e);
    }
  }

  private static DatabaseChangeLogLock listed(LockHolder holder) {
    Instant granted = Instant.now().minus(holder.heldFor().orElse(Duration.ZERO));
    return new DatabaseChangeLogLock(holder.session().pid(), Date.from(granted), holder.describe());
  }

  /**
   * Reports the session that holds the lock, and how to end it, and leaves that session alone: with
   * Liquibase's own lock, programs force the release after every update, or before, or at shutdown,
   * while other replicas work. What a command that is over has left behind on this connection is
   * released.
   *
   * <p>With {@code liquibase.advisoryLock.forceRelease=terminate}, ends that session, after making
   * sure that it is still the same one, and waits for its end up to ten seconds.
   *
   * <p>With {@code liquibase.advisoryLock.tableLock=honour}, then clears the row of Liquibase's own
   * lock, unless a run with the advisory lock has taken it that still holds that.
   *
   * @throws LockException if a setting cannot be used, the row cannot be cleared, or, only where
   *     the session is to be ended, this role may not end it or it does not end
   */
  @Override
  public void forceReleaseLock() throws LockException {
    LiquibaseSettings settings = settings();
    Connection connection = Databases.connectionOf(database());
    LockKey key = settings.keyFor(database());
    switch (settings.forceRelease()) {
      case REPORT -> {
        HeldLocks.endAbandonedOn(connection);
        leaveTransaction();
        ForcedRelease.report(connection, key);
      }
      case TERMINATE -> {
        HeldLocks.endAllOn(connection);
        terminateHolder(connection, key);
      }
    }
    if (settings.tableLock() == TableLock.HONOUR) {
      clearTableLock(settings);
    }
  }

  /** As Liquibase's own service does, but not that of a run which is at work on the connection. */
  private void leaveTransaction() throws LockException {
    try {
      if (!hasChangeLogLock()) {
        Databases.leaveTransaction(database());
      }
    } catch (DatabaseException e) {
      throw new LockException(e.getMessage(), e);
    }
  }

  private static void terminateHolder(Connection connection, LockKey key) throws LockException {
    try {
      ForcedRelease.terminate(connection, key);
    } catch (LockException e) {
      ReleaseOutcome.ofFailure(() -> Messages.logWarning(e));
      throw e;
    }
  }

  private void clearTableLock(LiquibaseSettings settings) throws LockException {
    try {
      switch (settings.forceRelease()) {
        case REPORT -> TableLockRow.clearUnlessInUse(database(), settings);
        case TERMINATE -> OldTableLock.standardService(database()).forceReleaseLock();
      }
    } catch (DatabaseException e) {
      throw new LockException(e.getMessage(), e);
    }
  }

  /**
   * Tells that a command ends on this thread: what it took and did not release is released. What
   * other threads and outer commands hold is not touched.
   */
  @Override
  public void reset() {
    printed = null;
    HeldLocks.endOfThisThread();
  }

  /**
   * Checks the settings. The table of Liquibase's own lock is created along with the history.
   *
   * @throws UnexpectedLiquibaseException if one of them cannot be used
   */
  @Override
  public void init() {
    try {
      read();
    } catch (LockConfigurationException e) {
      throw new UnexpectedLiquibaseException(e.getMessage(), e);
    }
  }

  /**
   * Drops the table of Liquibase's own lock, if a Liquibase without advisory locks has left one.
   *
   * @throws DatabaseException if that fails
   */
  @Override
  public void destroy() throws DatabaseException {
    OldTableLock.standardService(database()).destroy();
  }

  private LiquibaseSettings settings() throws LockException {
    try {
      return read();
    } catch (LockConfigurationException e) {
      throw new LockException(e.getMessage(), e);
    }
  }

  private LiquibaseSettings read() {
    return LiquibaseSettings.read(waitMinutes, pollSeconds);
  }

  private Database database() {
    Database given = database;
    if (given == null) {
      throw new UnexpectedLiquibaseException("The lock service has not been given a database");
    }
    return given;
  }
}
