package io.github.advisorylock;

/** A setting that cannot be used. Thrown before the lock is tried for. */
public final class LockConfigurationException extends LockException {

  private static final long serialVersionUID = 1L;

  /**
   * An exception with a complete message.
   *
   * @param message names the property, its value (never a password) and what is allowed
   */
  public LockConfigurationException(String message) {
    super(message, null);
  }
}
