package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockTimeoutException;

/**
 * For a try by somebody who goes on without the lock if it is not to be had: that is not a wait
 * that has timed out, and must not be counted as one.
 */
final class OnlyATry extends ForwardingListener {

  OnlyATry(LockListener listener) {
    super(listener);
  }

  @Override
  public void onGivenUp(GivenUp event) {
    if (!(event.reason() instanceof LockTimeoutException)) {
      super.onGivenUp(event);
    }
  }
}
