package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
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

  private final PGConnection driver;
  private final LockKey waitingKey;
  private final int backendPid;
  private final int listeners;

  /** At first as if it had been: the lock may be free, and the try that follows is planned so. */
  private boolean wokenUp = true;

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
      if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        return null;
      }
      throw e;
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

  /** A session that holds the lock does not wait to be woken up any more. */
  void hasTried(boolean granted) {
    wokenUp = false;
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
   * Waits until it is woken up, or for so long.
   *
   * @throws InterruptedException if the thread is interrupted, before or meanwhile
   */
  void await(Duration atMost, Timing timing) throws InterruptedException {
    Duration start = timing.now();
    Duration left = atMost;
    do {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (isWokenUpWithin(left)) {
        return;
      }
      left = atMost.minus(timing.now().minus(start));
    } while (left.compareTo(Duration.ZERO) > 0);
  }

  private boolean isWokenUpWithin(Duration left) {
    Duration slice =
        left.compareTo(BETWEEN_LOOKS_FOR_INTERRUPT) < 0 ? left : BETWEEN_LOOKS_FOR_INTERRUPT;
    int millis = Math.max(1, (int) slice.toMillis()); // zero would be for ever
    try {
      PGNotification[] heard = driver.getNotifications(millis);
      wokenUp = heard != null && heard.length > 0;
      return wokenUp;
    } catch (SQLException e) {
      failure = e;
      return true;
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
