package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The one database session on which a lock is tried for and held. When it ends, however it ends,
 * the server frees the lock.
 *
 * <p>For one {@link AdvisoryLock#acquire} at a time; may be used again once that lock is released.
 */
public abstract class LockSession extends WaitingSession {

  private final AtomicBoolean inUse = new AtomicBoolean();

  LockSession() {}

  /**
   * For one lock at a time: the server would grant the same key twice to the same session, and the
   * first release would end both.
   *
   * @throws IllegalStateException if the session is in use
   */
  final void claim() {
    if (!inUse.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "This session already waits for a lock or holds one. Give each lock a session of its own,"
              + " or close the first before");
    }
  }

  /** Like {@link #giveBack}; from then on the session may be used again. */
  final Optional<String> release(LockKey key) {
    try {
      return giveBack(key);
    } finally {
      inUse.set(false);
    }
  }

  /**
   * A session of the lock's own, opened when the lock is first tried for and closed when it is
   * released or given up.
   *
   * <p>Server-side timeouts that would end it are switched off for it, and {@code application_name}
   * tells whether it waits or holds. If the connection comes from a pool, it goes back with its
   * autocommit mode, settings and name as they were; when it cannot be confirmed to be without the
   * lock, it is ended first. A connection that is lost while waiting is replaced.
   *
   * @param source opens the connection
   * @param application a short word for {@code application_name}, such as {@code flyway}
   * @return the session, not yet opened
   */
  public static LockSession dedicated(ConnectionSource source, String application) {
    return dedicated(source, application, SessionPolicy.DEFAULT);
  }

  /**
   * The same with a policy. While the lock is held, a daemon thread confirms the lease. Behind a
   * pooler the lock is held in a transaction that stays open, without a snapshot.
   *
   * @param source opens the connection
   * @param application a short word for {@code application_name}, such as {@code flyway}
   * @param policy how to hold the lock
   * @return the session, not yet opened
   */
  public static LockSession dedicated(
      ConnectionSource source, String application, SessionPolicy policy) {
    return new DedicatedSession(source, new SessionName(application), policy);
  }

  /**
   * A session that somebody else works on. It must not be in a transaction when the lock is
   * acquired; while it waits, autocommit is on. While it holds the lock, {@code application_name}
   * says so, and keepalives, {@code tcp_user_timeout}, {@code client_connection_check_interval} and
   * the {@linkplain SessionPolicy#timeouts timeouts} of the policy are set; the release puts all of
   * them back.
   *
   * <p>A release in the middle of an open transaction leaves that open (if it is rolled back later,
   * those settings, the name included, come once more); in a failed transaction it rolls back,
   * since the server accepts nothing else. A connection on which the unlock cannot be confirmed is
   * ended; that includes one that its owner closed, and so gave back to a pool, before the release,
   * unless that pool hides the driver from {@link Connection#unwrap}: then {@link
   * LockListener#onLost} tells which session may still hold the lock.
   *
   * @param connection the session's connection; never closed, unless it has to be ended
   * @param application a short word for {@code application_name}, such as {@code liquibase}
   * @return the session
   */
  public static LockSession borrowed(Connection connection, String application) {
    return borrowed(connection, application, SessionPolicy.DEFAULT);
  }

  /**
   * The same with a policy, whose lease does not count: the session is kept by the work on it.
   * Behind a pooler that may change the session there is no lock to be had on somebody else's
   * connection.
   *
   * @param connection the session's connection; never closed, unless it has to be ended
   * @param application a short word for {@code application_name}, such as {@code liquibase}
   * @param policy how to hold the lock
   * @return the session
   */
  public static LockSession borrowed(
      Connection connection, String application, SessionPolicy policy) {
    return new BorrowedSession(connection, new SessionName(application), policy.withoutLease());
  }

  /** Whether working sessions on this server can be told to look whether their client is there. */
  abstract boolean canCheckConnections();

  /** Whether the role may read settings, which a hardened server refuses. */
  abstract boolean canReadSettings();

  /** What bounds the statements of the work. */
  abstract WorkTimeouts timeouts();

  /** How often to look for a {@link #blockage}; empty if that is of no use, or does harm. */
  abstract Optional<Duration> betweenLooks();

  /**
   * Who works under the key and waits for a lock, and for whom. Safe to call from another thread.
   *
   * @return null if nobody waits
   */
  abstract @Nullable Blockage blockage(LockKey key) throws SQLException;

  /**
   * Who might have been in the way of a statement of the work that has failed: sessions that hold
   * locks on what it names. If it failed in a transaction on this session, that is rolled back.
   */
  abstract List<ServerSession> suspects(String statement) throws SQLException;

  /** The process id of the backend that holds the lock. */
  abstract int backendPid();

  /**
   * Whether another session sees this one, which holds the key, as that session. The process id
   * alone would not tell: in this JVM there may be locks on several servers.
   */
  abstract boolean isSeenAs(LockKey key, ServerSession seen);

  /** How often {@link #loss} has to be asked to keep the lock; empty if that does not matter. */
  abstract Optional<Duration> heartbeat();

  /**
   * While the lock is held: has the server plan the release, once, so that it is quick when
   * somebody waits for it. Safe to call from another thread.
   *
   * @return what {@link #loss} would say, which a server that ends a session says only once
   */
  abstract Optional<String> prepareRelease(LockKey key);

  /**
   * Asks the session whether it still holds the key. Safe to call from another thread.
   *
   * @return empty if it does, or has been given back; else what happened
   */
  abstract Optional<String> loss(LockKey key);

  /** Returns the connection if it has ended while the lock was held, and is not the caller's. */
  abstract void returnIfDead();
}
