package io.github.advisorylock.liquibase;

import io.github.advisorylock.Endpoint;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.Patience;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.RunWatch;
import io.github.advisorylock.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;
import liquibase.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A lock that a run of Liquibase works under: which key, on which connection, taken by which thread
 * in which depth of commands. Safe for use by several threads.
 */
final class RunLock {

  private final Database database;
  private final Connection connection;
  private final LockKey key;
  private final HeldLock held;
  private final boolean isOfOuterRun;
  private final LockedStep step;
  private final Logger log;
  private final Thread thread = Thread.currentThread();
  private final int depth = RunningCommands.depth();

  /** Whether Liquibase writes into its history what has happened. */
  private boolean recording;

  private volatile boolean keepsSession = true;
  private volatile @Nullable RunWatch watch;
  private volatile @Nullable Work work;
  private volatile @Nullable TableLockRow tableLockRow;

  private RunLock(
      Database database,
      Connection connection,
      LockKey key,
      HeldLock held,
      boolean isOfOuterRun,
      LockedStep step,
      Logger log) {
    this.database = database;
    this.connection = connection;
    this.key = key;
    this.held = held;
    this.isOfOuterRun = isOfOuterRun;
    this.step = step;
    this.log = log;
  }

  /**
   * A lock that the current thread has taken, to be released with this.
   *
   * @param log for threads that have no scope of Liquibase's
   */
  static RunLock taken(
      Database database,
      Connection connection,
      LockKey key,
      HeldLock held,
      LockedStep step,
      Logger log) {
    return new RunLock(database, connection, key, held, false, step, log);
  }

  /** The same of a run within this one, on another connection: it is this one that releases. */
  RunLock forRunWithin(
      Database inner, Connection innerConnection, LockedStep innerStep, Logger innerLog) {
    return new RunLock(inner, innerConnection, key, held, true, innerStep, innerLog);
  }

  LockKey key() {
    return key;
  }

  Connection connection() {
    return connection;
  }

  boolean isOn(Connection other) {
    return connection == other;
  }

  /** Whether it is another one that releases. */
  boolean isOfOuterRun() {
    return isOfOuterRun;
  }

  boolean isOfThisThread() {
    return thread == Thread.currentThread();
  }

  /** Whether it was taken at this depth of commands, or in a deeper command, which is over. */
  boolean isFrom(int depthOrDeeper) {
    return depth >= depthOrDeeper;
  }

  /** Whether a command took it that a command at this depth is part of. */
  boolean isOfCommandAround(int inner) {
    return depth > 0 && depth < inner;
  }

  /**
   * Whether work may still go on under it.
   *
   * @param depthOfThisThread how many commands the current thread is inside of
   */
  boolean isOfRunAtWork(int depthOfThisThread) {
    return isOfThisThread() ? depth > 0 && depth <= depthOfThisThread : thread.isAlive();
  }

  /**
   * Says that Liquibase's connection works under the lock, which another session holds. Behind a
   * pooler that could only be said in each transaction, and Liquibase ends one between the last
   * moment that it tells us about and the first change.
   */
  void startWork(Pooling pooling) throws SQLException {
    keepsSession = Endpoint.of(connection).keepsSession(pooling);
    if (keepsSession) {
      work = held.startWorkOfSession(connection);
    }
  }

  /**
   * Where a pooler keeps no session, the timeouts have to be set in each transaction: this comes
   * before each statement, since Liquibase does not say which is the first.
   */
  void boundTransaction() throws SQLException {
    if (!keepsSession && !recording) {
      held.boundTransaction(connection);
    }
  }

  /** What is written into the history next has happened, and no timeout may keep it out. */
  void suspendTimeouts() throws SQLException {
    recording = true;
    if (keepsSession) {
      held.suspendTimeouts(connection);
    }
  }

  /** It is written: what comes next is bounded again. */
  void resumeTimeouts() {
    recording = false;
  }

  /** What there is to say of a failure besides, if a timeout has ended a statement. */
  Optional<String> explain(String sqlState, String message) {
    return held.explain(sqlState, message);
  }

  /** Takes the row of Liquibase's own lock, too, unless an outer run has seen to that. */
  void takeTableLock(Patience patience) throws LockException, DatabaseException {
    if (!isOfOuterRun) {
      tableLockRow = TableLockRow.take(database, key, patience);
    }
  }

  /**
   * Asks, before the next changeset, whether the lock is still held.
   *
   * @throws io.github.advisorylock.LockLostException if it is not
   */
  void verify() throws SQLException {
    held.verify(connection);
  }

  /**
   * Starts to look for the end of the connection, or of the command's thread, since Liquibase does
   * not always release: after an {@code Error} it does not clean up, and some releases forget to
   * when another thread's command ends. A pool would then hand out a connection that holds the
   * lock.
   *
   * @param afterwards what to do when that has ended and the lock was not released
   */
  void watch(Runnable afterwards) {
    watch = RunWatch.start(() -> isClosed() || isAbandoned(), afterwards);
  }

  /**
   * Whether its command has ended together with its thread. What was taken outside of any command
   * may be worked under, and released, by other threads.
   */
  private boolean isAbandoned() {
    return depth > 0 && !thread.isAlive();
  }

  private boolean isClosed() {
    try {
      return connection.isClosed(); // asks the driver, not the server
    } catch (SQLException e) {
      return true;
    }
  }

  private void releaseTableLock() {
    TableLockRow row = tableLockRow;
    tableLockRow = null;
    if (row != null) {
      try {
        row.release();
        Databases.leaveTransaction(database);
      } catch (LockException | DatabaseException | RuntimeException e) {
        log.warning(
            "The row of "
                + database.getDatabaseChangeLogLockTableName()
                + " could not be freed. The next run with this advisory lock frees it",
            e);
      }
    }
  }

  /**
   * Rolls back what the run has not committed, so that it cannot be committed without the lock, and
   * releases it, unless an outer run will. Never throws, so that it cannot hide why the run failed.
   */
  void end() {
    RunWatch watching = watch;
    if (watching != null) {
      watching.stop();
    }
    try {
      if (!isClosed()) {
        rollBack();
        releaseTableLock();
      }
    } finally { // an Error must not keep the lock, which is known to nobody else by now
      release();
    }
  }

  private void rollBack() {
    try {
      if (isAbandoned()) {
        connection.rollback(); // the watching thread knows no scope of Liquibase's
      } else {
        step.beforeRelease(database);
      }
    } catch (SQLException | DatabaseException | RuntimeException e) {
      log.fine("The transaction could not be rolled back before the lock's release", e);
    }
  }

  private void release() {
    Work started = work;
    try {
      if (started != null) {
        started.close();
      }
    } finally {
      if (!isOfOuterRun) {
        held.close();
      }
    }
  }
}
