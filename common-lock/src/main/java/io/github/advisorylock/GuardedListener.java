package io.github.advisorylock;

import java.util.function.Consumer;

/** Keeps a listener's failures away from the lock. */
final class GuardedListener implements LockListener {

  private final LockListener guarded;

  GuardedListener(LockListener guarded) {
    this.guarded = guarded;
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
  public void onReleased(Released event) {
    tell(listener -> listener.onReleased(event));
  }

  @Override
  public void onLost(Lost event) {
    tell(listener -> listener.onLost(event));
  }

  private void tell(Consumer<LockListener> news) {
    try {
      news.accept(guarded);
    } catch (Throwable e) {
      System.getLogger(LockListener.class.getName())
          .log(System.Logger.Level.WARNING, "A lock listener failed; the lock goes on", e);
    }
  }
}
