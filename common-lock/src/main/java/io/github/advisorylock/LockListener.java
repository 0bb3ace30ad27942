package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears what happens to a lock. Every method does nothing unless overridden.
 *
 * <p>Called on whichever thread notices: mostly the one that waits for or releases the lock, but
 * {@link #onBlocked} always, {@link #onLost} and {@link #onReleased} sometimes on one of the lock's
 * own, and {@link #onBlocked} perhaps at the same time as another. So it has to be safe for use by
 * several threads, and should be quick. Whatever it throws is logged and otherwise ignored: a
 * failing listener never breaks a lock. A slow one delays whoever works under the lock, but neither
 * the {@linkplain SessionPolicy#lease lease} nor the release.
 *
 * <p>Each {@link AdvisoryLock#acquire} tells in this order: {@link #onWaiting} as often as it
 * takes; then either {@link #onGivenUp}, and nothing more, or {@link #onAcquired}. What comes after
 * that is told when {@link #onAcquired} has returned: either {@link #onReleased} or {@link
 * #onLost}, and that once. {@link #onBlocked} may come in between, and, as it is told on another
 * thread, a moment after.
 *
 * <p>A listener that is named in {@code META-INF/services/io.github.advisorylock.LockListener}
 * hears of the locks of both tools: see {@link LockListeners#forTool}. One that wraps others is a
 * {@link ForwardingListener}.
 */
public interface LockListener {

  /** A listener that ignores everything. */
  LockListener NONE = new LockListener() {};

  /**
   * The lock is not to be had yet. Called after the first unsuccessful try and then every ten
   * seconds; where more than four wait, up to every thirty.
   *
   * @param event what is known so far
   */
  default void onWaiting(Waiting event) {}

  /**
   * The lock is ours.
   *
   * @param event how long that took
   */
  default void onAcquired(Acquired event) {}

  /**
   * The lock was not to be had. Called once by every {@link AdvisoryLock#acquire} that throws,
   * after the session has been given back.
   *
   * @param event why, and how long that took
   */
  default void onGivenUp(GivenUp event) {}

  /**
   * The lock has been released, and the server has confirmed it.
   *
   * @param event how long it was held
   */
  default void onReleased(Released event) {}

  /**
   * The lock is not held any more, although nobody has released it: its session has ended, or
   * something has unlocked it. Called when that is noticed, on the thread that does so, and at the
   * latest with the release, but not before {@link #onAcquired} has returned. Others may hold it
   * too by then.
   *
   * @param event what went wrong
   */
  default void onLost(Lost event) {}

  /**
   * What works under the lock waits for somebody: another session holds what it wants to lock. Seen
   * only with {@link WorkTimeouts#lock}, where the lock has a session of its own; once for each
   * such wait, on a thread of the lock's own, after about a third of that timeout.
   *
   * @param event who waits for whom
   */
  default void onBlocked(Blocked event) {}

  /**
   * A wait that goes on.
   *
   * @param key the key
   * @param attempts the unsuccessful tries so far, at least 1; while somebody still works for an
   *     earlier holder, as many as there would have been tries
   * @param waited the time so far
   * @param retry what bounds the wait
   * @param holder who holds the lock, or, if its key is {@link LockKey#forWork}, still works for a
   *     run that has lost it; null if that could not be seen
   * @param failure why the last try failed, or that the first ten seconds of a try have passed and
   *     the data source has not provided a connection; null if another session held the lock
   */
  record Waiting(
      LockKey key,
      int attempts,
      Duration waited,
      RetryPolicy retry,
      @Nullable LockHolder holder,
      @Nullable SQLException failure) {}

  /**
   * A lock that has been acquired.
   *
   * @param key the key
   * @param attempts the tries, at least 1; 1 if there was no wait
   * @param waited the time from the first try to the successful one
   */
  record Acquired(LockKey key, int attempts, Duration waited) {}

  /**
   * A wait that has ended without the lock.
   *
   * @param key the key
   * @param attempts the unsuccessful tries; 0 if the thread had been interrupted before the first
   * @param waited the time since the first try
   * @param reason what is thrown: a {@link LockTimeoutException}, a {@link
   *     LockInterruptedException} or a {@link LockUnavailableException}, or else whatever a driver
   *     or pool threw that should not have
   */
  record GivenUp(LockKey key, int attempts, Duration waited, Throwable reason) {}

  /**
   * A lock that has been released.
   *
   * @param key the key
   * @param held the time from acquiring to releasing
   */
  record Released(LockKey key, Duration held) {}

  /**
   * A lock that turned out to be lost.
   *
   * @param key the key
   * @param held the time since it was acquired
   * @param reason what the server said, for people
   */
  record Lost(LockKey key, Duration held, String reason) {}

  /**
   * Work that waits.
   *
   * @param key the key under which it is done
   * @param pid the process id of the working session's backend
   * @param statement what that executes; null if hidden
   * @param by who is in its way, at least one
   */
  record Blocked(LockKey key, int pid, @Nullable String statement, List<ServerSession> by) {

    /**
     * Work that waits.
     *
     * @param key the key under which it is done
     * @param pid the process id of the working session's backend
     * @param statement what that executes; null if hidden
     * @param by who is in its way; copied
     */
    public Blocked {
      by = List.copyOf(by);
    }
  }
}
