package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL advisory lock, and how to wait for it.
 *
 * <pre>{@code
 * AdvisoryLock lock = new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, LockListener.NONE);
 * try (HeldLock held = lock.acquire(LockSession.dedicated(dataSource::getConnection, "my-job"))) {
 *   // in this database, nobody else is here
 * }
 * }</pre>
 *
 * <p>Waiting never happens inside the server, and between two tries the session is in no
 * transaction and has no snapshot: a session that waits in {@code pg_advisory_lock}, or in an open
 * transaction, keeps every CREATE INDEX CONCURRENTLY in the database waiting, that of the lock's
 * holder included.
 *
 * <p>Immutable, and safe for use by several threads if its listener is.
 */
public final class AdvisoryLock {

  private static final Duration BETWEEN_REPORTS = Duration.ofSeconds(10);
  private static final double LARGEST_JITTER = 0.2;

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

  AdvisoryLock(LockKey key, RetryPolicy retry, LockListener listener, Timing timing) {
    this.key = key;
    this.retry = retry;
    this.listener = new GuardedListener(listener);
    this.timing = timing;
  }

  /**
   * Whether a server is PostgreSQL, as far as it says itself: not CockroachDB or Redshift, which
   * speak the same protocol without having these locks.
   *
   * @param connection a connection to the server
   * @return false if it names itself something else
   * @throws SQLException if it cannot be asked
   */
  public static boolean isSupportedBy(Connection connection) throws SQLException {
    if (!"PostgreSQL".equals(connection.getMetaData().getDatabaseProductName())) {
      return false; // and leave it alone: what follows would end a transaction of other drivers
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      return LockSql.isPostgreSql(scope.connection());
    }
  }

  /**
   * Takes the lock, waiting for it as long as the policy allows. The last try comes when the
   * timeout has passed, so a wait is at most one try longer than the timeout.
   *
   * <p>If the thread is interrupted, before or during the wait, the wait ends at once. Whatever is
   * thrown, the session does not hold the lock and has been given back.
   *
   * @param session the session that will hold the lock
   * @return the lock, held
   * @throws LockTimeoutException if it did not become free in time
   * @throws LockInterruptedException if the thread was interrupted; its interrupt flag is set
   * @throws LockUnavailableException if this server, session or role cannot give the lock
   */
  public HeldLock acquire(LockSession session) {
    boolean acquired = false;
    try {
      waitFor(session);
      acquired = true;
      return new HeldLock(key, session, listener, timing);
    } finally {
      if (!acquired) {
        session.giveBack(key);
      }
    }
  }

  private void waitFor(LockSession session) {
    Duration start = timing.now();
    Duration nextReport = Duration.ZERO;
    for (int attempt = 1; ; attempt++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new LockInterruptedException(key, attempt - 1, timing.now().minus(start), null);
      }
      SQLException failure = null;
      try {
        session.open(key);
        if (session.tryLock(key)) {
          listener.onAcquired(new LockListener.Acquired(key, attempt, timing.now().minus(start)));
          return;
        }
      } catch (SQLException e) {
        boolean worthAnotherTry = session.canStartAfresh(e);
        if (Thread.currentThread().isInterrupted()) { // such as while waiting for a pool
          throw new LockInterruptedException(key, attempt, timing.now().minus(start), e);
        }
        if (!worthAnotherTry) {
          throw new LockUnavailableException(key, reason(e), e);
        }
        failure = e;
      }
      Duration waited = timing.now().minus(start);
      if (attempt >= retry.maxAttempts() || waited.compareTo(retry.timeout()) >= 0) {
        throw new LockTimeoutException(key, holder(session, failure), attempt, waited, failure);
      }
      if (waited.compareTo(nextReport) >= 0) {
        report(session, attempt, waited, failure);
        nextReport = waited.plus(BETWEEN_REPORTS);
      }
      pauseAfter(attempt, start);
    }
  }

  private void pauseAfter(int attempt, Duration start) {
    Duration delay = retry.delayAfter(attempt);
    long nanos = TimeUnit.NANOSECONDS.convert(delay); // at most Long.MAX_VALUE
    Duration shortened = delay.minusNanos((long) (nanos * LARGEST_JITTER * timing.random()));
    Duration waited = timing.now().minus(start);
    Duration left = retry.timeout().minus(waited);
    try {
      timing.sleep(shortened.compareTo(left) < 0 ? shortened : nonNegative(left));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LockInterruptedException(key, attempt, timing.now().minus(start), null);
    }
  }

  private static Duration nonNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private void report(
      LockSession session, int attempt, Duration waited, @Nullable SQLException failure) {
    listener.onWaiting(
        new LockListener.Waiting(key, attempt, waited, retry, holder(session, failure), failure));
    if (failure == null) {
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
  private @Nullable LockHolder holder(LockSession session, @Nullable SQLException failure) {
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

  private static String reason(SQLException failure) {
    String state = SqlStates.of(failure);
    if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(state)) {
      return Text.of(failure)
          + ". To tell a lock from one that a server only pretends to have, the role must be able to"
          + " read pg_locks: grant select on pg_catalog.pg_locks to it";
    }
    if (state.isEmpty()) {
      return Text.of(failure)
          + ". If the connection pool is exhausted: the lock needs one connection more than the"
          + " tool, so raise the pool's size";
    }
    return Text.of(failure);
  }
}
