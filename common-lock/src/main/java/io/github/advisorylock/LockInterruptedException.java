package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The waiting thread was interrupted. Its interrupt flag is set again, and the session does not
 * hold the lock.
 */
public final class LockInterruptedException extends LockException {

  private static final long serialVersionUID = 1L;

  private final LockKey key;

  LockInterruptedException(
      LockKey key, int attempts, Duration waited, @Nullable SQLException failure) {
    super(
        "Interrupted while waiting for the advisory lock %s (%s)"
            .formatted(key, Text.triesAndTime(attempts, waited)),
        failure);
    this.key = key;
  }

  /**
   * The key that was wanted.
   *
   * @return the key
   */
  public LockKey key() {
    return key;
  }
}
