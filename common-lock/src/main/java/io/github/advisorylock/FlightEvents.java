package io.github.advisorylock;

import org.jspecify.annotations.Nullable;

/**
 * The events of one lock in a flight recording. What began before Flight Recorder was started is
 * left out, but for a wait, which begins anew with its next report. Safe for use by several
 * threads.
 */
final class FlightEvents implements LockListener {

  private @Nullable WaitingEvent waiting;
  private @Nullable HeldEvent held;

  @Override
  public synchronized void onWaiting(Waiting event) {
    if (waiting == null) {
      waiting = new WaitingEvent();
      waiting.begin();
      waiting.key = event.key().toString();
    }
    if (event.holder() != null) {
      waiting.holder = event.holder().session().describeSession();
    }
  }

  @Override
  public synchronized void onAcquired(Acquired event) {
    endWait(event.attempts(), WaitOutcome.ACQUIRED);
    held = new HeldEvent();
    held.begin();
    held.key = event.key().toString();
    held.attempts = event.attempts();
    held.waited = event.waited().toNanos();
  }

  @Override
  public synchronized void onGivenUp(GivenUp event) {
    if (waiting != null && event.reason() instanceof LockTimeoutException timeout) {
      timeout.holder().ifPresent(this::heldAtLastBy);
    }
    endWait(event.attempts(), WaitOutcome.of(event));
  }

  private void heldAtLastBy(LockHolder holder) {
    if (waiting != null) {
      waiting.holder = holder.session().describeSession();
    }
  }

  private void endWait(int attempts, WaitOutcome outcome) {
    if (waiting != null) {
      waiting.attempts = attempts;
      waiting.outcome = outcome.toString();
      waiting.commit();
      waiting = null;
    }
  }

  @Override
  public synchronized void onReleased(Released event) {
    endHold(HoldOutcome.RELEASED);
  }

  @Override
  public synchronized void onLost(Lost event) {
    LostEvent lost = new LostEvent();
    lost.key = event.key().toString();
    lost.reason = Text.oneLine(event.reason());
    lost.held = event.held().toNanos();
    lost.commit();
    endHold(HoldOutcome.LOST);
  }

  private void endHold(HoldOutcome outcome) {
    if (held != null) {
      held.outcome = outcome.toString();
      held.commit();
      held = null;
    }
  }
}
