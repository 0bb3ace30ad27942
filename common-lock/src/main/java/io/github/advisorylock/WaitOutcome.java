package io.github.advisorylock;

import java.util.Locale;

/** How a wait for a lock ended, in the words of events and meters. */
enum WaitOutcome {
  ACQUIRED,
  TIMEOUT,
  INTERRUPTED,
  UNAVAILABLE;

  static WaitOutcome of(LockListener.GivenUp event) {
    if (event.reason() instanceof LockTimeoutException) {
      return TIMEOUT;
    }
    return event.reason() instanceof LockInterruptedException ? INTERRUPTED : UNAVAILABLE;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
