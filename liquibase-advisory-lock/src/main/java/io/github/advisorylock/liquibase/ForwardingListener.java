package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockListener;

/** Tells another listener whatever it hears, save for what is overridden. */
abstract class ForwardingListener implements LockListener {

  private final LockListener to;

  ForwardingListener(LockListener to) {
    this.to = to;
  }

  @Override
  public void onWaiting(Waiting event) {
    to.onWaiting(event);
  }

  @Override
  public void onAcquired(Acquired event) {
    to.onAcquired(event);
  }

  @Override
  public void onGivenUp(GivenUp event) {
    to.onGivenUp(event);
  }

  @Override
  public void onBlocked(Blocked event) {
    to.onBlocked(event);
  }

  @Override
  public void onReleased(Released event) {
    to.onReleased(event);
  }

  @Override
  public void onLost(Lost event) {
    to.onLost(event);
  }
}
