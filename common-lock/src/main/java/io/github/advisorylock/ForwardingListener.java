package io.github.advisorylock;

import java.util.function.Consumer;

/**
 * Hands on whatever it hears, save for what is overridden. A wrapper that implements {@link
 * LockListener} itself may miss an event. As safe for use by several threads as its subclass.
 */
public abstract class ForwardingListener implements LockListener {

  /** For subclasses. */
  protected ForwardingListener() {}

  /**
   * Hands on an event, on the thread on which it was heard. What this throws goes to whoever told
   * of the event.
   *
   * @param event tells the listener that it is given; may be given none, or several
   */
  protected abstract void forward(Consumer<LockListener> event);

  @Override
  public void onWaiting(Waiting event) {
    forward(listener -> listener.onWaiting(event));
  }

  @Override
  public void onAcquired(Acquired event) {
    forward(listener -> listener.onAcquired(event));
  }

  @Override
  public void onGivenUp(GivenUp event) {
    forward(listener -> listener.onGivenUp(event));
  }

  @Override
  public void onReleased(Released event) {
    forward(listener -> listener.onReleased(event));
  }

  @Override
  public void onLost(Lost event) {
    forward(listener -> listener.onLost(event));
  }

  @Override
  public void onBlocked(Blocked event) {
    forward(listener -> listener.onBlocked(event));
  }
}
