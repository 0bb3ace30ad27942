package io.github.advisorylock;

import org.jspecify.annotations.Nullable;

/**
 * This server, session or role cannot give a lock that can be relied upon, and waiting would not
 * change that.
 */
public final class LockUnavailableException extends LockException {

  private static final long serialVersionUID = 1L;

  LockUnavailableException(LockKey key, String reason, @Nullable Throwable cause) {
    super("There is no advisory lock %s to be had: %s".formatted(key, reason), cause);
  }
}
