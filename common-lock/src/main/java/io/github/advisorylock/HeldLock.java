package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A lock that is held until it is closed or its session ends. Safe for use by several threads; may
 * be closed from any of them, at any time, more than once.
 *
 * <p>If the work is done on other sessions than the lock's own, those can outlive it. To be alone
 * even then, each of them has to say when it {@linkplain #startWork starts}, and to {@linkplain
 * #verify ask} before it commits.
 */
public final class HeldLock implements AutoCloseable {

  /** Who holds the lock for less than that does not need to prepare for anything. */
  private static final Duration BEFORE_FIRST_BEAT = Duration.ofMillis(50);

  private final LockKey key;
  private final LockSession session;
  private final LockListener listener;
  private final Timing timing;
  private final Duration acquiredAt;
  private final Thread owner = Thread.currentThread();
  private final BlockageWatch blockages;
  private final AtomicReference<@Nullable String> loss = new AtomicReference<>();
  private volatile @Nullable RunWatch heartbeat;
  private final AtomicBoolean endTold = new AtomicBoolean();

  /** Held while the listener is told of the beginning, for which its end has to wait. */
  private final Object beginning = new Object();

  private volatile boolean closed;
  private volatile boolean waitedFor;

  private volatile BooleanSupplier workIsOver = () -> false;

  HeldLock(LockKey key, LockSession session, LockListener listener, Timing timing) {
    this.key = key;
    this.session = session;
    this.listener = listener;
    this.timing = timing;
    this.acquiredAt = timing.now();
    this.blockages = new BlockageWatch(key, session, listener, timing, this::lose);
  }

  /**
   * Starts to confirm the lease, if there is one, and tells that the lock was acquired. In this
   * order, since a listener may take longer than the lease; should the lock be lost meanwhile, that
   * is told afterwards.
   */
  void begin(LockListener.Acquired event) {
    waitedFor = event.attempts() > 1;
    synchronized (beginning) {
      boolean begun = false;
      try {
        LocalLocks.add(this);
        keepAlive();
        listener.onAcquired(event);
        begun = true;
      } finally {
        if (!begun) {
          LocalLocks.remove(this);
          stopWatching();
        }
      }
    }
  }

  /**
   * Whether the lock was acquired after a wait, during which other connections may have ended.
   *
   * @return false if the first attempt succeeded
   */
  public boolean wasWaitedFor() {
    return waitedFor;
  }

  private void stopWatching() {
    blockages.stop();
    RunWatch toStop = heartbeat;
    if (toStop != null) {
      toStop.stop();
    }
  }

  private void keepAlive() {
    session
        .heartbeat()
        .ifPresent(
            period ->
                heartbeat =
                    RunWatch.start(
                        "advisory-lock-heartbeat",
                        BEFORE_FIRST_BEAT,
                        period,
                        this::hasJustBeenLost,
                        () -> {}));
  }

  private boolean hasJustBeenLost() {
    session.prepareRelease(key).or(() -> session.loss(key)).ifPresent(this::lose);
    return isLost();
  }

  /**
   * The key that is held.
   *
   * @return the key
   */
  public LockKey key() {
    return key;
  }

  /** Whether another session sees the session of this lock as that holder. */
  boolean isSeenAs(LockHolder holder) {
    return key.equals(holder.key()) && session.isSeenAs(key, holder.session());
  }

  /** The thread that acquired it. */
  Thread owner() {
    return owner;
  }

  /** The time since it was acquired. */
  Duration heldFor() {
    return timing.now().minus(acquiredAt);
  }

  /**
   * Whether the lock is known to be lost, without asking anybody.
   *
   * @return true from the moment on when that is noticed, just before {@link LockListener#onLost}
   *     is told
   */
  public boolean isLost() {
    return loss.get() != null;
  }

  /**
   * Asks the lock's own session whether it is still there and holds the lock.
   *
   * @throws LockLostException if not, or if the lock has been closed
   */
  public void verify() {
    throwIfLost(null);
    session.loss(key).ifPresent(this::lose);
    throwIfLost(null);
  }

  /**
   * Asks, from a session that works, whether the lock's session still holds the lock, in the same
   * database of the same server. A transaction that is open on the connection stays open, otherwise
   * none is left.
   *
   * @param working the connection that is worked on
   * @throws LockLostException if it does not, or if the lock has been closed
   * @throws LockUnavailableException if the role may not read {@code pg_locks}
   * @throws SQLException if the server cannot be asked, although the lock's own session is alive
   */
  public void verify(Connection working) throws SQLException {
    verify(
        () -> {
          try (AutoCommit scope = AutoCommit.unlessInTransaction(working)) {
            return LockSql.isHeldBy(session.backendPid(), scope.connection(), key);
          }
        });
  }

  /**
   * The same for a session that is in a transaction, such as before its commit, which saves to find
   * out whether it is.
   *
   * @param working the connection that is worked on, in a transaction, which stays open
   * @throws LockLostException if the lock is not held any more, or has been closed
   * @throws LockUnavailableException if the role may not read {@code pg_locks}
   * @throws SQLException if the server cannot be asked, although the lock's own session is alive
   */
  public void verifyInTransaction(Connection working) throws SQLException {
    verify(() -> LockSql.isHeldBy(session.backendPid(), working, key));
  }

  /** Whether the lock is held, to be asked from a session that works. */
  @FunctionalInterface
  private interface Question {
    boolean ask() throws SQLException;
  }

  private void verify(Question question) throws SQLException {
    throwIfLost(null);
    boolean held;
    try {
      held = question.ask();
    } catch (SQLException e) {
      session.loss(key).ifPresent(this::lose);
      throwIfLost(e);
      if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        throw LockUnavailableException.because(key, e);
      }
      throw e;
    }
    if (!held && !closed) {
      lose(
          session
              .loss(key)
              .orElse(
                  "the server that is worked on does not show it, while the lock's own session still"
                      + " has it. They are on different servers or databases, such as by a URL with"
                      + " several hosts"));
    }
    throwIfLost(null);
  }

  /**
   * Says that a session works under this lock. Should the lock be lost before the work has ended,
   * the next holder waits for that end; and a statement whose client has gone ends within seconds.
   *
   * <p>In a transaction that holds until its end. Otherwise, on a connection in autocommit mode, it
   * holds until {@link Work#close}, or until the session ends. For as long the session has the
   * {@linkplain SessionPolicy#timeouts timeouts} of the lock's policy.
   *
   * @param working the connection that is worked on; not the lock's own
   * @return to be closed when the work has ended
   * @throws LockLostException if the lock is lost already, or has been closed
   * @throws LockUnavailableException if somebody holds the key under which holders work for himself
   *     alone, or the role may not read {@code pg_locks}
   * @throws SQLException if the server cannot be asked, although the lock's own session is alive
   */
  public Work startWork(Connection working) throws SQLException {
    refuseSessionOfLock(working);
    return verified(
        working.getAutoCommit()
            ? Work.ofSession(working, key, workSettings())
            : Work.ofTransaction(working, key, workSettings()),
        working);
  }

  /**
   * Like {@link #startWork}, for all that the session does until {@link Work#close}, in however
   * many transactions.
   *
   * @param working the connection that is worked on; not the lock's own, and not in a transaction
   * @return to be closed when the work has ended
   * @throws LockLostException if the lock is lost already, or has been closed
   * @throws LockUnavailableException if somebody holds the key under which holders work for himself
   *     alone, or the role may not read {@code pg_locks}
   * @throws SQLException if the server cannot be asked, although the lock's own session is alive
   */
  public Work startWorkOfSession(Connection working) throws SQLException {
    refuseSessionOfLock(working);
    return verified(Work.ofSession(working, key, workSettings()), working);
  }

  private void refuseSessionOfLock(Connection working) throws SQLException {
    if (Endpoint.isServedBy(session.backendPid(), working)) {
      throw new LockUnavailableException(key, LockUnavailableException.ONE_SESSION, null);
    }
  }

  private Map<String, String> workSettings() {
    return SessionSettings.working(session.canCheckConnections(), session.timeouts());
  }

  private Work verified(Work work, Connection working) throws SQLException {
    boolean verified = false;
    try {
      // after the start: decision 9 says why
      if (work.endsWithTransaction()) {
        verifyInTransaction(working);
      } else {
        verify(working);
      }
      blockages.start();
      verified = true;
      return work;
    } finally {
      if (!verified) {
        work.close();
      }
    }
  }

  /**
   * Whether there are {@linkplain SessionPolicy#timeouts timeouts} for the work.
   *
   * @return false if the work has what its sessions have
   */
  public boolean hasTimeoutsForWork() {
    return session.timeouts().areSet();
  }

  /**
   * Reads what a tool has in a session in which it also runs scripts. A transaction that is open on
   * the connection stays open.
   *
   * @param working the connection that is worked on
   * @param isKeyOfTool whether a 64-bit key is one that the tool locks itself
   * @return the session
   * @throws SQLException if the server cannot be asked
   */
  public SharedSession sharedSession(Connection working, LongPredicate isKeyOfTool)
      throws SQLException {
    return SharedSession.of(
        working, isKeyOfTool, session.canReadSettings(), session.timeouts().settings().keySet());
  }

  /**
   * Bounds the statements of the transaction that a connection is in, where nothing lasts longer
   * than that, such as behind a pooler. Does nothing without {@linkplain SessionPolicy#timeouts
   * timeouts}, nor in autocommit mode, nor the second time in a transaction, so that what the work
   * has set itself stays until the end of that.
   *
   * @param working a connection that works under this lock
   * @throws SQLException if the server cannot be asked
   */
  public void boundTransaction(Connection working) throws SQLException {
    if (hasTimeoutsForWork() && !working.getAutoCommit()) {
      LockSql.setForTransaction(working, session.timeouts().settings());
    }
  }

  /**
   * Says that the next statements record what has been done, so that its {@linkplain
   * SessionPolicy#timeouts timeouts} must not end them: until the transaction ends, after which
   * they are in force again, whatever the work has set them to; in autocommit mode, until the work
   * ends. Does nothing without timeouts.
   *
   * @param working a connection that works under this lock, on a session that it keeps
   * @throws SQLException if the server cannot be asked
   */
  public void suspendTimeouts(Connection working) throws SQLException {
    if (!hasTimeoutsForWork()) {
      return;
    }
    WorkTimeouts timeouts = session.timeouts();
    if (working.getAutoCommit()) {
      LockSql.set(working, timeouts.suspended());
    } else {
      LockSql.set(working, timeouts.suspended(), timeouts.settings());
    }
  }

  /**
   * What there is to say, besides what the server said, of a statement of the work that failed:
   * which {@linkplain SessionPolicy#timeouts timeout} that was, and who was in its way.
   *
   * <p>Where the lock has a session of its own, that was seen while the statement waited, unless
   * the timeout is shorter than a tenth of a second. Elsewhere, those are named who hold locks on
   * what the statement names when this is called; if the lock is on the session that failed, and in
   * a transaction there, that is rolled back for it, as nothing else can be done to it. Never
   * throws.
   *
   * @param sqlState why it failed
   * @param statement what failed, and what the server said of it
   * @return empty if that had nothing to do with a timeout that is set
   */
  public Optional<String> explain(String sqlState, String statement) {
    return new TimeoutText(session, blockages).explain(sqlState, statement);
  }

  /**
   * What there is to say of work that failed, where nobody tells why: for whom it was seen to wait,
   * if that was a moment ago.
   *
   * @return empty if it did not wait, or is not watched: without a {@linkplain WorkTimeouts#lock
   *     timeout}, or where the lock has no session of its own
   */
  public Optional<String> explainUnknown() {
    return new TimeoutText(session, blockages).explainUnknown();
  }

  private void throwIfLost(@Nullable SQLException cause) {
    String reason = loss.get();
    if (reason == null && closed) {
      reason = "it has been released";
    }
    if (reason != null) {
      session.returnIfDead(); // or wait until it is: the program may close its pool next
      throw new LockLostException(key, timing.now().minus(acquiredAt), reason, cause);
    }
  }

  /**
   * Has the end of the lock's session count as its release as soon as the work is over, such as
   * when the program closes its pool or drops the database before {@link #close}.
   *
   * @param isOver whether the work is over; asked on any thread when the session has ended, must
   *     not block or throw
   */
  public void releaseWithSessionOnceOver(BooleanSupplier isOver) {
    workIsOver = isOver;
  }

  private void lose(String reason) {
    if (workIsOver.getAsBoolean()) {
      return;
    }
    if (loss.compareAndSet(null, reason) && endTold.compareAndSet(false, true)) {
      LockListener.Lost event = new LockListener.Lost(key, timing.now().minus(acquiredAt), reason);
      synchronized (beginning) {
        listener.onLost(event);
      }
    }
    session.returnIfDead();
  }

  /**
   * Releases the lock and gives the session back. Does nothing the second time, but returns only
   * when the first has finished.
   *
   * <p>Never throws, so that it cannot hide the failure of the work that it protected. If the
   * server does not confirm that it was held until now, the connection is ended and {@link
   * LockListener#onLost} is told, unless it has been.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Optional<String> problem;
    try {
      problem = session.release(key); // first: the next one waits for it
    } finally {
      LocalLocks.remove(this);
      stopWatching();
    }
    problem.ifPresent(this::lose);
    if (!isLost() && endTold.compareAndSet(false, true)) {
      listener.onReleased(new LockListener.Released(key, timing.now().minus(acquiredAt)));
    }
  }
}
