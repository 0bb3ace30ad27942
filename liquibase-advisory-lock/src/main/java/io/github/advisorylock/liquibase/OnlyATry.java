package io.github.advisorylock.liquibase;

import io.github.advisorylock.ForwardingListener;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockTimeoutException;
import java.util.function.Consumer;

/**
 * For a try by somebody who goes on without the lock if it is not to be had: that is not a wait
 * that has timed out, and must not be counted as one.
 */
final class OnlyATry extends ForwardingListener {

  private final LockListener listener;

  OnlyATry(LockListener listener) {
    this.listener = listener;
  }

  @Override
  protected void forward(Consumer<LockListener> event) {
    event.accept(listener);
  }

  @Override
  public void onGivenUp(GivenUp event) {
    if (!(event.reason() instanceof LockTimeoutException)) {
      super.onGivenUp(event);
    }
  }
}
