package io.github.advisorylock;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The lock was held, and is not any more: its session has ended, or something has released it. What
 * is not committed yet must not be, since another session may be at work by now.
 */
public final class LockLostException extends LockException {

  private static final long serialVersionUID = 1L;

  private final LockKey key;

  LockLostException(LockKey key, Duration held, String reason, @Nullable Throwable cause) {
    super(
        "The advisory lock %s was lost: %s. It had been acquired %s before. What has not been committed is rolled back; run again. What ran outside of a transaction may be half done: look at it first"
            .formatted(key, reason, Text.of(held)),
        cause);
    this.key = key;
  }

  /**
   * The key that was held.
   *
   * @return the key
   */
  public LockKey key() {
    return key;
  }
}
