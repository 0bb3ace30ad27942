package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL advisory lock, and how to wait for it.
 *
 * <pre>{@code
 * AdvisoryLock lock = new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT);
 * try (HeldLock held = lock.acquire(LockSession.dedicated(dataSource::getConnection, "my-job"))) {
 *   // in this database, nobody else is here
 * }
 * }</pre>
 *
 * <p>Whoever gets the lock is alone at work: if an earlier holder has lost it in the middle of a
 * statement, say because its process was killed, the wait goes on until that statement has ended.
 *
 * <p>Waiting never happens inside the server, and between two tries the session is in no
 * transaction and has no snapshot: a session that waits in {@code pg_advisory_lock}, or in an open
 * transaction, keeps every CREATE INDEX CONCURRENTLY in the database waiting, that of the lock's
 * holder included. It listens instead, where that is possible, and whoever releases the lock wakes
 * one of those up who do.
 *
 * <p>If the JVM is being recorded by Flight Recorder, the recording has the waits, how long the
 * lock was held, and its losses, as the events {@code io.github.advisorylock.Waiting}, {@code Held}
 * and {@code Lost}.
 *
 * <p>Immutable, and safe for use by several threads if its listener is.
 */
public final class AdvisoryLock {

  private final LockKey key;
  private final RetryPolicy retry;
  private final LockListener listener;
  private final Timing timing;

  /**
   * A lock that is not held.
   *
   * @param key the key
   * @param retry how long and how often to try
   * @param listener hears what happens
   */
  public AdvisoryLock(LockKey key, RetryPolicy retry, LockListener listener) {
    this(key, retry, listener, Timing.SYSTEM);
  }

  /**
   * A lock that is not held, and that logs through {@link System.Logger} what happens: waiting and
   * failing attempts from level {@code INFO} on, the rest at {@code DEBUG}.
   *
   * @param key the key
   * @param retry how long and how often to try
   */
  public AdvisoryLock(LockKey key, RetryPolicy retry) {
    this(key, retry, LogLines.ofSystemLogger());
  }

  AdvisoryLock(LockKey key, RetryPolicy retry, LockListener listener, Timing timing) {
    this.key = key;
    this.retry = retry;
    this.listener = listener;
    this.timing = timing;
  }

  /**
   * Takes the lock, waiting for it as long as the policy allows. The last try comes when the
   * timeout has passed, so a wait is at most one try longer than the timeout. A try takes as long
   * as the driver waits for an answer; on a {@linkplain LockSession#dedicated dedicated} session
   * with a lease at most that.
   *
   * <p>If the thread is interrupted, before or during the wait, the wait ends at once. Whatever is
   * thrown, the session does not hold the lock and has been given back.
   *
   * @param session the session that will hold the lock
   * @return the lock, held
   * @throws LockTimeoutException if it did not become free in time: an attempt found it held
   * @throws LockInterruptedException if the thread was interrupted; its interrupt flag is set
   * @throws LockUnavailableException if this server, session or role cannot give the lock, or if no
   *     attempt got an answer in time, so that it is unknown whether the lock is held
   * @throws LockConfigurationException if the session's connection cannot be opened as configured,
   *     such as without its driver
   * @throws IllegalStateException if the session is in use: for a lock that is not closed yet, or
   *     by another thread that waits with it
   */
  public HeldLock acquire(LockSession session) {
    LockListener told = new GuardedListener(listener, new FlightRecording());
    Patience patience = new Patience(retry, timing);
    session.claim(); // last: what fails before must not keep the session
    try {
      waitFor(session, patience, told);
      HeldLock held = new HeldLock(key, session, told, timing);
      held.begin(new LockListener.Acquired(key, patience.attempts(), patience.waited()));
      return held;
    } catch (Throwable e) {
      Duration waited = patience.waited();
      session.release(key);
      told.onGivenUp(new LockListener.GivenUp(key, patience.attempts(), waited, e));
      throw e;
    }
  }

  /**
   * Waits as long as the policy allows until the lock is free, and takes nothing: nobody holds it,
   * and nobody works any more for a holder that has lost it. Somebody may take it the moment after.
   *
   * <p>Looks at it as often as the policy would try, on one connection in autocommit mode that is
   * replaced if it is lost, and never waits in the server. Its listener hears of waiting, and of
   * nothing else.
   *
   * <p>A look takes as long as the driver waits for an answer.
   *
   * @param source opens the connection to look from, which is closed at the end
   * @throws LockTimeoutException if it did not become free in time
   * @throws LockInterruptedException if the thread was interrupted; its interrupt flag is set
   * @throws LockUnavailableException if the server cannot be asked, is not PostgreSQL, or is a
   *     standby
   */
  public void awaitFree(ConnectionSource source) {
    WaitingSession onlooker = new OnlookingSession(source);
    try {
      waitFor(onlooker, new Patience(retry, timing), new GuardedListener(listener));
    } finally {
      onlooker.giveBack(key);
    }
  }

  private void waitFor(WaitingSession session, Patience patience, LockListener told) {
    boolean granted = false;
    boolean answered = false;
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted(patience, null);
      }
      boolean counts = true;
      if (granted || session.isWokenUpUnverified()) {
        counts = patience.countUnplanned();
      } else {
        patience.countTry();
      }
      SQLException failure = null;
      LockHolder orphan = null;
      try {
        session.open(key, opening(patience, told));
        if (!granted && tryLock(session, patience)) {
          granted = true;
          if (!counts) { // the notification was not forged
            patience.countTry();
          }
        }
        answered = true;
        if (granted) {
          orphan = session.orphan(key);
          if (orphan == null) {
            session.startHolding();
            return;
          }
        }
      } catch (SQLException e) {
        granted = false;
        boolean worthAnotherTry = session.canStartAfresh(e);
        if (Thread.currentThread().isInterrupted()) { // such as while waiting for a pool
          throw interrupted(patience, e);
        }
        if (!worthAnotherTry) {
          throw LockUnavailableException.because(key, e);
        }
        failure = e;
      }
      Duration waited = patience.waited();
      if (patience.isExhausted()) {
        if (failure != null && !answered) {
          throw LockUnavailableException.unreached(key, patience.attempts(), waited, failure);
        }
        LockHolder holder = orphan != null ? orphan : holder(session, failure);
        throw new LockTimeoutException(key, holder, patience.attempts(), waited, failure);
      }
      if (patience.isReportDue(session.listeners())) {
        report(session, told, patience.attempts(), waited, orphan, failure);
        patience.countReport(waited);
      }
      try {
        pause(session, patience, granted);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted(patience, null);
      }
    }
  }

  private Opening opening(Patience patience, LockListener told) {
    int attempt = patience.attempts();
    return new Opening(
        patience.timeToOpen(),
        () ->
            told.onWaiting(
                new LockListener.Waiting(
                    key, attempt, patience.waited(), retry, null, new PendingConnection())));
  }

  /** Whoever can be told of a release tries again after it began to listen: it may have missed. */
  private boolean tryLock(WaitingSession session, Patience patience) throws SQLException {
    return session.tryLock(key)
        || (!patience.isExhausted()
            && session.startWaiting(key, Patience.longestPause(retry))
            && session.tryLock(key));
  }

  private void pause(WaitingSession session, Patience patience, boolean granted)
      throws InterruptedException {
    int listeners = session.listeners();
    Duration pause = granted ? patience.pauseUntilLook() : patience.nextPause(listeners);
    if (listeners == 0) {
      timing.sleep(pause);
    } else {
      session.awaitRelease(pause, timing);
    }
  }

  private LockInterruptedException interrupted(Patience patience, @Nullable SQLException failure) {
    return new LockInterruptedException(key, patience.attempts(), patience.waited(), failure);
  }

  private void report(
      WaitingSession session,
      LockListener told,
      int attempt,
      Duration waited,
      @Nullable LockHolder orphan,
      @Nullable SQLException failure) {
    LockHolder holder = orphan != null ? orphan : holder(session, failure);
    told.onWaiting(new LockListener.Waiting(key, attempt, waited, retry, holder, failure));
    if (failure == null && orphan == null) {
      try {
        session.announceWaiting(key);
      } catch (SQLException e) {
        // Only a name. If the session is broken, the next try says so.
        System.getLogger(AdvisoryLock.class.getName())
            .log(System.Logger.Level.DEBUG, "The session could not be named", e);
      }
    }
  }

  /** Who holds the lock, where that can be seen: not knowing must not end the wait. */
  private @Nullable LockHolder holder(WaitingSession session, @Nullable SQLException failure) {
    if (failure != null) {
      return null;
    }
    try {
      return session.holder(key);
    } catch (SQLException e) {
      System.getLogger(AdvisoryLock.class.getName())
          .log(System.Logger.Level.DEBUG, "The holder could not be seen", e);
      return null;
    }
  }
}
