package io.github.advisorylock;

import org.jspecify.annotations.Nullable;

/**
 * Why there is no lock, or no longer. The message says what happened, to which key, who holds it
 * where that is known, and what to do.
 */
public abstract sealed class LockException extends RuntimeException
    permits LockConfigurationException,
        LockInterruptedException,
        LockLostException,
        LockTimeoutException,
        LockUnavailableException {

  private static final long serialVersionUID = 1L;

  LockException(String message, @Nullable Throwable cause) {
    super(Text.oneLine(message), cause);
  }
}
