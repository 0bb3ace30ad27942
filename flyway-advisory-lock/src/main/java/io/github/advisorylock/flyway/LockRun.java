package io.github.advisorylock.flyway;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockException;
import io.github.advisorylock.LockLostException;
import io.github.advisorylock.LogLines;
import io.github.advisorylock.RunWatch;
import io.github.advisorylock.SharedSession;
import io.github.advisorylock.Snapshots;
import io.github.advisorylock.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One run of Flyway that holds the lock. Also watches for its end: Flyway ends without any event
 * when, for example, a callback fails, a schema is not empty or the pool is exhausted. Safe for use
 * by several threads.
 */
final class LockRun {

  private static final Log LOG = LogFactory.getLog(LockRun.class);

  private final LockRuns flyway;
  private final HeldLock lock;
  private final RunEnd runEnd;
  private final boolean keepsSession;
  private final RunWatch watch;

  /** Set when the run is over. Has no way back to the run, whose thread may remember it. */
  private final AtomicReference<@Nullable LockLostException> loss = new AtomicReference<>();

  private boolean warned;
  private boolean over;

  /** Whether another run has begun where this one was. */
  private volatile boolean followed;

  /** Where Flyway has its own lock and works; null if those are different sessions. */
  private volatile @Nullable SharedSession shared;

  private volatile boolean migrates;

  /** Whether the run has been told to fail since the lock is lost. */
  private volatile boolean stopped;

  /** Whether what works now does so in a transaction: a connection that has ended does not tell. */
  private volatile boolean worksInTransaction;

  /** Whether the failure of the migration at work names who was in its way. */
  private volatile boolean explained;

  /** What does not end with a transaction, by its connection. */
  private final IdentityHashMap<Connection, Work> works = new IdentityHashMap<>();

  /**
   * A run that has just got the lock.
   *
   * @param flyway the runs of its Flyway object
   * @param keepsSession whether what belongs to a session of Flyway's connections may be relied
   *     upon
   * @param afterwards what to do when the run was over and the lock not released; the lock is then
   */
  LockRun(
      LockRuns flyway,
      HeldLock lock,
      RunEnd runEnd,
      boolean keepsSession,
      Consumer<LockRun> afterwards) {
    this.flyway = flyway;
    this.lock = lock;
    this.runEnd = runEnd;
    this.keepsSession = keepsSession;
    lock.releaseWithSessionOnceOver(this::hasBeenLeft);
    this.watch =
        RunWatch.start(
            this::comesToItsEnd,
            () -> {
              try {
                finish();
              } finally {
                afterwards.accept(this);
              }
            });
    watch.expectEnd();
  }

  /** Not over because its main connection broke. */
  private boolean hasBeenLeft() {
    return followed || runEnd.hasBeenLeft();
  }

  /** Why the lock was lost; set when it has been released, and null if it was not lost. */
  AtomicReference<@Nullable LockLostException> loss() {
    return loss;
  }

  /**
   * Asks from a connection whether the lock is still held.
   *
   * @throws io.github.advisorylock.LockLostException if it is not
   */
  void verify(Connection connection) {
    orStop(() -> lock.verify(connection));
  }

  /** Something that must not be done without the lock. */
  @FunctionalInterface
  private interface Step {
    void take() throws SQLException;
  }

  private void orStop(Step step) {
    try {
      step.take();
    } catch (LockLostException e) {
      stopped = true;
      throw e;
    } catch (SQLException e) {
      throw cannotVerify(e);
    }
  }

  /**
   * The same as {@link #startWork} for a migration.
   *
   * @param nativeLockInSession whether Flyway's own lock is at session level
   */
  void startMigration(Connection connection, boolean nativeLockInSession) {
    if (nativeLockInSession && keepsSession) {
      orStop(() -> shareSession(connection));
    }
    startWork(connection);
    migrates = true;
  }

  private void shareSession(Connection connection) throws SQLException {
    SharedSession known = shared;
    if (known != null && known.isLockedThrough(connection)) {
      known.resume();
    } else {
      shared = lock.sharedSession(connection, NativeLock::isKey);
    }
  }

  /**
   * Says that the connection works from now on.
   *
   * @throws io.github.advisorylock.LockLostException if the lock is lost
   */
  void startWork(Connection connection) {
    watch.expectEnd();
    explained = false;
    finishWork(
        connection); // a migration outside of a transaction, whose history row is written now
    orStop(() -> start(connection));
  }

  private void start(Connection connection) throws SQLException {
    dropSnapshotOfNativeLock(connection);
    worksInTransaction = !connection.getAutoCommit();
    if (!worksInTransaction && !keepsSession) {
      lock.verify(connection); // nothing that is said on this connection would last
      warnOfWorkWithoutTimeouts();
      return;
    }
    Work work = lock.startWork(connection);
    if (!work.endsWithTransaction()) {
      add(connection, work);
    }
  }

  /**
   * The same after a failure, of which Flyway says nothing if this fails, too. So it does only if
   * the run has failed since the lock is lost.
   */
  void startWorkAfterFailure(Connection connection) {
    boolean lossIsTheFailure = stopped;
    try {
      startWork(connection);
    } catch (FlywayException | LockException e) {
      if (lossIsTheFailure) {
        throw e;
      }
      LOG.warn("Callbacks after the failure go on without the advisory lock: " + e.getMessage());
    }
  }

  private synchronized void warnOfWorkWithoutTimeouts() {
    if (lock.hasTimeoutsForWork() && !warned) {
      warned = true;
      LOG.warn(
          "migrationLockTimeout and migrationStatementTimeout do not reach what runs outside of"
              + " Flyway's transactions, nor callbacks around them: a pooler in between may hand"
              + " each statement to another session, and a setting with it");
    }
  }

  /**
   * Where Flyway holds a lock of its own in a transaction, what the migration creates concurrently
   * would wait for that one's snapshot.
   */
  private void dropSnapshotOfNativeLock(Connection working) throws SQLException {
    Connection main = runEnd.mainConnection();
    if (main != null && main != working) {
      Snapshots.dropFrom(main);
    }
  }

  private synchronized void add(Connection connection, Work work) {
    works.put(connection, work);
  }

  boolean isKnownToBeLost() {
    return lock.isLost();
  }

  boolean hasTimeouts() {
    return lock.hasTimeoutsForWork();
  }

  /** Between two statements: the next one must not run if the lock is lost. */
  void continueWork(Connection connection) {
    if (isAutoCommit(connection)) { // each statement is final
      verify(connection);
    } else if (lock.isLost()) {
      orStop(lock::verify);
    }
  }

  /**
   * What happened in a transaction must not be committed if the lock is lost. What happened outside
   * of one is final, and the history must say so: that work goes on until its row is written, which
   * no timeout may end.
   */
  void beforeCommit(Context context) {
    Connection connection = context.getConnection();
    watch.expectEnd();
    orStop(
        () -> {
          if (!connection.getAutoCommit()) {
            lock.verifyInTransaction(connection);
          } else if (isSessionAtWork(connection)) {
            lock.suspendTimeouts(connection);
          }
          prepareRecords(context);
        });
    migrates = false;
  }

  private void prepareRecords(Context context) throws SQLException {
    Connection connection = context.getConnection();
    SharedSession session = shared;
    if (session == null || !session.isLockedThrough(connection) || session.prepareRecords()) {
      return;
    }
    String reason =
        TimeoutFailure.scriptOf(context)
            + " released Flyway's own lock, and another session has acquired it. A Flyway without"
            + " this jar may be migrating";
    if (!connection.getAutoCommit()) {
      throw new FlywayException(reason + ". The migration is rolled back; run again");
    }
    LOG.warn(reason);
  }

  private synchronized boolean isSessionAtWork(Connection connection) {
    return works.containsKey(connection);
  }

  /** What more there is to say of a statement that has failed, if a timeout has ended it. */
  Optional<FlywayException> explain(Context context) {
    Optional<FlywayException> failure = TimeoutFailure.of(context, lock);
    explained = failure.isPresent();
    return failure;
  }

  /**
   * Says why a migration failed, if that is because the lock is lost, or may be because somebody
   * was in its way and nobody has said so.
   *
   * <p>Fails in the place of Flyway in a transaction only. What happened outside of one is final,
   * and Flyway notes in its history that it failed, but not if a callback fails then; so that work
   * goes on until its row is written, as it does {@linkplain #beforeCommit after a success}.
   */
  void explainFailure(Context context) {
    watch.expectEnd();
    if (RunEnd.isClosed(context.getConnection())) {
      releaseWhatWasGivenAway();
    }
    migrates = false;
    if (worksInTransaction) {
      orStop(lock::verify);
    } else {
      warnOfLoss(context);
    }
    if (!explained) {
      lock.explainUnknown().ifPresent(why -> warnOfFailure(context, why));
    }
    if (!worksInTransaction) {
      prepareRecordsIfPossible(context);
    }
  }

  private void warnOfLoss(Context context) {
    try {
      lock.verify();
    } catch (LockLostException e) {
      warnOfFailure(context, e.getMessage());
    }
  }

  private static void warnOfFailure(Context context, @Nullable String why) {
    LOG.warn(TimeoutFailure.scriptOf(context) + " failed. " + why);
  }

  private void prepareRecordsIfPossible(Context context) {
    try {
      if (isSessionAtWork(context.getConnection())) {
        lock.suspendTimeouts(context.getConnection());
      }
      prepareRecords(context);
    } catch (SQLException e) {
      LOG.debug("The timeouts could not be suspended: " + LogLines.oneLine(e.getMessage()));
    }
  }

  private boolean isAutoCommit(Connection connection) {
    try {
      return connection.getAutoCommit(); // asks the driver, not the server
    } catch (SQLException e) {
      throw cannotVerify(e);
    }
  }

  private FlywayException cannotVerify(SQLException e) {
    return new FlywayException(
        "Whether the advisory lock %s is still held cannot be found out: %s"
            .formatted(lock.key(), LogLines.oneLine(e.getMessage())),
        e);
  }

  void finishWork(Connection connection) {
    Work work = remove(connection);
    if (work != null) {
      work.close();
    }
  }

  private synchronized @Nullable Work remove(Connection connection) {
    return works.remove(connection);
  }

  private synchronized List<Connection> connectionsAtWork() {
    return List.copyOf(works.keySet());
  }

  /** Releases the lock, and returns when it is free. */
  void end() {
    watch.stop();
    resumeScripts();
    finish();
  }

  /** What scripts have set stays in their session, as with stock Flyway. */
  private void resumeScripts() {
    SharedSession session = shared;
    try {
      if (session != null) {
        session.resume();
      }
    } catch (SQLException e) {
      LOG.debug(
          "The settings of the scripts could not be restored: " + LogLines.oneLine(e.getMessage()));
    }
  }

  private void finish() {
    try {
      if (migrates) {
        releaseWhatWasGivenAway();
      }
      unfinishedWorks().forEach(Work::close);
    } finally {
      lock.close();
      noteLoss();
    }
  }

  private void releaseWhatWasGivenAway() {
    Optional.ofNullable(shared)
        .flatMap(SharedSession::releaseIfGivenAway)
        .ifPresent(
            pid ->
                LOG.warn(
                    "A migration closed Flyway's connection (pid %d) while it held Flyway's own lock, which has been released. Leave context.getConnection() open"
                        .formatted(pid)));
  }

  private void noteLoss() {
    if (lock.isLost()) {
      try {
        lock.verify();
      } catch (LockLostException e) {
        loss.compareAndSet(null, e);
      }
    }
  }

  private synchronized List<Work> unfinishedWorks() {
    List<Work> unfinished = new ArrayList<>(works.values());
    works.clear();
    return unfinished;
  }

  /** What was once seen to be over stays so, and loses its lock. */
  private synchronized boolean comesToItsEnd() {
    over |= runEnd.hasCome(connectionsAtWork());
    return over;
  }

  /** Whether that has been seen. */
  synchronized boolean isOver() {
    return over;
  }

  boolean isOfThisThread() {
    return runEnd.isOfThisThread();
  }

  boolean isOf(LockRuns ofFlyway) {
    return flyway == ofFlyway;
  }

  /**
   * Whether this run of the current thread is over, since another one wants the lock there.
   *
   * @param depth of the one that wants the lock
   * @param ofFlyway the runs of the Flyway object that it is of
   */
  synchronized boolean isOverAt(int depth, LockRuns ofFlyway) {
    boolean isFollowed = runEnd.hasComeBeforeNextAcquire(depth, flyway == ofFlyway);
    followed |= isFollowed;
    over |= isFollowed;
    return over;
  }

  /** Whether the end of a run at a depth is the end of this one, and not of a part of it. */
  boolean endsWithRunAt(int depth) {
    return depth <= runEnd.depth();
  }
}
