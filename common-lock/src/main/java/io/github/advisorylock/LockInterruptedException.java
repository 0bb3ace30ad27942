package io.github.advisorylock;

import java.time.Duration;

/**
 * The waiting thread was interrupted. Its interrupt flag is set again, and the session does not
 * hold the lock.
 */
public final class LockInterruptedException extends LockException {

  private static final long serialVersionUID = 1L;

  LockInterruptedException(LockKey key, int attempts, Duration waited) {
    super(
        "Interrupted while waiting for the advisory lock %s (%s)"
            .formatted(key, Text.triesAndTime(attempts, waited)),
        null);
  }
}
