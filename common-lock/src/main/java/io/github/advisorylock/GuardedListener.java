package io.github.advisorylock;

import java.util.List;
import java.util.function.Consumer;

/** Keeps the failures of listeners away from the lock, and from each other. */
final class GuardedListener implements LockListener {

  private final List<LockListener> guarded;

  GuardedListener(LockListener... guarded) {
    this(List.of(guarded));
  }

  /** They are told in this order. */
  GuardedListener(List<LockListener> guarded) {
    this.guarded = List.copyOf(guarded);
  }

  @Override
  public void onWaiting(Waiting event) {
    tell(listener -> listener.onWaiting(event));
  }

  @Override
  public void onAcquired(Acquired event) {
    tell(listener -> listener.onAcquired(event));
  }

  @Override
  public void onGivenUp(GivenUp event) {
    tell(listener -> listener.onGivenUp(event));
  }

  @Override
  public void onReleased(Released event) {
    tell(listener -> listener.onReleased(event));
  }

  @Override
  public void onLost(Lost event) {
    tell(listener -> listener.onLost(event));
  }

  @Override
  public void onBlocked(Blocked event) {
    tell(listener -> listener.onBlocked(event));
  }

  private void tell(Consumer<LockListener> news) {
    for (LockListener listener : guarded) {
      try {
        news.accept(listener);
      } catch (Throwable e) {
        System.getLogger(LockListener.class.getName())
            .log(System.Logger.Level.WARNING, "A lock listener failed; the lock goes on", e);
      }
    }
  }
}
