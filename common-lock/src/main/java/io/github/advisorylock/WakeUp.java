package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * How a session that waits is told that the lock is free. It listens on a channel of its own and
 * shares the key's {@linkplain LockKey#forWaiting waiting key}, where whoever releases the lock
 * finds it. One of those who wait is picked at random and woken up, and when it releases, it picks
 * the next: decision 12 says why not all at once.
 *
 * <p>For one wait of one session. Nobody may rely on being woken up: a holder that is killed tells
 * nobody, and one that was picked may have been killed, too.
 */
final class WakeUp {

  /** pgjdbc does not notice an interrupt while it waits for a notification. */
  private static final Duration BETWEEN_LOOKS_FOR_INTERRUPT = Duration.ofMillis(50);

  /**
   * Between two attempts that sessions have caused that are not known to hold the lock: any role
   * may notify any channel.
   */
  private static final Duration BETWEEN_UNVERIFIED = Duration.ofMillis(50);

  /** Between two reads of a flood of notifications, among which may be that of the holder. */
  private static final Duration BETWEEN_READS = Duration.ofMillis(5);

  private final PGConnection driver;
  private final LockKey waitingKey;
  private final int backendPid;
  private final int listeners;

  /** At first as if it had been: the lock may be free, and the try that follows is planned so. */
  private boolean wokenUp = true;

  /** Whether the notification came from a session that is not known to hold the lock. */
  private boolean unverified;

  private @Nullable Duration lastUnverified;

  /** The session that was last seen holding the lock; 0 if none was, or it has released it. */
  private int holderPid;

  private boolean waiting = true;
  private boolean listening = true;
  private @Nullable SQLException failure;

  private WakeUp(PGConnection driver, LockKey waitingKey, int backendPid, int listeners) {
    this.driver = driver;
    this.waitingKey = waitingKey;
    this.backendPid = backendPid;
    this.listeners = listeners;
  }

  /**
   * Starts to listen.
   *
   * @param connection in autocommit mode
   * @param driver what the connection stands for
   * @return null if that is not possible: somebody else listens on this connection, whose
   *     notifications are not ours to take, or the role may not
   */
  static @Nullable WakeUp start(
      Connection connection, PGConnection driver, LockKey key, int backendPid) throws SQLException {
    LockKey waitingKey = key.forWaiting();
    int listeners;
    try {
      LockSql.planUnlockAndWake(connection, key);
      listeners = LockSql.startListening(connection, waitingKey, backendPid);
    } catch (SQLException e) {
      switch (SqlStates.of(e)) {
        case SqlStates.INSUFFICIENT_PRIVILEGE -> {
          return null;
        }
        case SqlStates.FEATURE_NOT_SUPPORTED -> { // of a server without LISTEN
          LockSql.unshareAndRestore(connection, waitingKey, Map.of(), Map.of());
          return null;
        }
        default -> throw e;
      }
    }
    if (listeners == 0) {
      LockSql.stopListening(connection, waitingKey, backendPid);
      return null;
    }
    return new WakeUp(driver, waitingKey, backendPid, listeners);
  }

  /** Fails as listening has failed: the session has ended, and said why only then. */
  void throwFailure() throws SQLException {
    if (failure != null) {
      throw failure;
    }
  }

  /** Whether it was, since the last try. */
  boolean hasBeenWokenUp() {
    return wokenUp;
  }

  /**
   * Whether that notification came from a session that is not known to hold the lock: it may be
   * forged.
   */
  boolean isUnverified() {
    return unverified;
  }

  /** The session whose notification is believed, once. */
  void expectReleaseBy(int pid) {
    holderPid = pid;
  }

  /** A session that holds the lock does not wait to be woken up any more. */
  void hasTried(boolean granted) {
    wokenUp = false;
    unverified = false;
    waiting = !granted;
  }

  /**
   * How many sessions waited to be woken up when this one began to, itself included; zero if it
   * does no more.
   */
  int listeners() {
    return waiting ? listeners : 0;
  }

  /**
   * Waits until it is woken up, or for so long. A notification of the session that was seen holding
   * the lock ends the wait immediately. So does the first one of any other session, since the
   * holder may have changed since; further ones of such sessions do so at most twenty times a
   * second.
   *
   * @throws InterruptedException if the thread is interrupted, before or meanwhile
   */
  void await(Duration atMost, Timing timing) throws InterruptedException {
    Duration start = timing.now();
    Duration left = atMost;
    boolean notified = false;
    do {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      List<Integer> senders = listen(notified ? Duration.ZERO : left);
      notified |= !senders.isEmpty();
      Duration early = notified ? timeUntilUnverified(timing.now()) : Duration.ZERO;
      wokenUp = failure == null && notified && (senders.contains(holderPid) || early.isZero());
      if (wokenUp && !senders.contains(holderPid)) {
        unverified = true;
        lastUnverified = timing.now();
      } else if (wokenUp) {
        holderPid = 0; // it has released the lock, and has no further say
      }
      if (wokenUp || failure != null) {
        return;
      }
      if (notified) {
        timing.sleep(early.compareTo(BETWEEN_READS) < 0 ? early : BETWEEN_READS);
      }
      left = atMost.minus(timing.now().minus(start));
    } while (left.compareTo(Duration.ZERO) > 0);
  }

  private Duration timeUntilUnverified(Duration now) {
    Duration last = lastUnverified;
    Duration early = last == null ? Duration.ZERO : BETWEEN_UNVERIFIED.minus(now.minus(last));
    return early.isNegative() ? Duration.ZERO : early;
  }

  /** Returns the process ids of the sessions that have notified, as soon as there is one. */
  private List<Integer> listen(Duration atMost) {
    Duration slice =
        atMost.compareTo(BETWEEN_LOOKS_FOR_INTERRUPT) < 0 ? atMost : BETWEEN_LOOKS_FOR_INTERRUPT;
    int millis = Math.max(1, (int) slice.toMillis()); // zero would be for ever
    try {
      PGNotification[] heard = driver.getNotifications(millis);
      return heard == null ? List.of() : Stream.of(heard).map(PGNotification::getPID).toList();
    } catch (SQLException e) {
      failure = e;
      return List.of();
    }
  }

  /** Stops to listen, unless it has, and forgets what was heard: nothing stays behind. */
  void stop(Connection connection) throws SQLException {
    if (listening) {
      listening = false;
      LockSql.stopListening(connection, waitingKey, backendPid);
    }
    driver.getNotifications();
  }
}
