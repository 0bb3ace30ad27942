package io.github.advisorylock;

import java.time.Duration;
import java.util.Optional;

/**
 * A lock that is held until it is closed or its session ends. May be closed from any thread, at any
 * time, more than once.
 */
public final class HeldLock implements AutoCloseable {

  private final LockKey key;
  private final LockSession session;
  private final LockListener listener;
  private final Timing timing;
  private final Duration acquiredAt;
  private boolean closed;

  HeldLock(LockKey key, LockSession session, LockListener listener, Timing timing) {
    this.key = key;
    this.session = session;
    this.listener = listener;
    this.timing = timing;
    this.acquiredAt = timing.now();
  }

  /**
   * The key that is held.
   *
   * @return the key
   */
  public LockKey key() {
    return key;
  }

  /**
   * Releases the lock and gives the session back. Does nothing the second time, but returns only
   * when the first has finished.
   *
   * <p>Never throws, so that it cannot hide the failure of the work that it protected. If the
   * server does not confirm that it was held until now, the connection is ended and {@link
   * LockListener#onLost} is told.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Optional<String> problem = session.giveBack(key);
    Duration held = timing.now().minus(acquiredAt);
    problem.ifPresentOrElse(
        reason -> listener.onLost(new LockListener.Lost(key, held, reason)),
        () -> listener.onReleased(new LockListener.Released(key, held)));
  }
}
