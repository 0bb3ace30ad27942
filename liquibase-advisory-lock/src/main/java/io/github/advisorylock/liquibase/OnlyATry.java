package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockTimeoutException;

/**
 * For a try by somebody who goes on without the lock if it is not to be had: that is not a wait
 * that has timed out, and must not be counted as one.
 */
final class OnlyATry implements LockListener {

  private final LockListener listener;

  OnlyATry(LockListener listener) {
    this.listener = listener;
  }

  @Override
  public void onWaiting(Waiting event) {
    listener.onWaiting(event);
  }

  @Override
  public void onAcquired(Acquired event) {
    listener.onAcquired(event);
  }

  @Override
  public void onGivenUp(GivenUp event) {
    if (!(event.reason() instanceof LockTimeoutException)) {
      listener.onGivenUp(event);
    }
  }

  @Override
  public void onReleased(Released event) {
    listener.onReleased(event);
  }

  @Override
  public void onLost(Lost event) {
    listener.onLost(event);
  }
}
