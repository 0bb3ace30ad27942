package io.github.advisorylock;

import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Why there is no lock, or no longer. The message says what happened, to which key, who holds it
 * where that is known, and what to do; further facts follow on lines of their own.
 */
public abstract sealed class LockException extends RuntimeException
    permits LockConfigurationException,
        LockInterruptedException,
        LockLostException,
        LockTimeoutException,
        LockUnavailableException {

  private static final long serialVersionUID = 1L;

  private final String summary;

  LockException(String message, @Nullable Throwable cause) {
    this(Text.oneLine(message), "", cause);
  }

  /**
   * An exception with lines that are safe to log.
   *
   * @param summary what happened, and what to do
   * @param facts further lines; empty if there are none
   */
  LockException(String summary, String facts, @Nullable Throwable cause) {
    super((summary + "\n" + facts).strip(), cause);
    this.summary = summary;
  }

  /**
   * Creates the exception with which a tool reports this one. A stack trace has each sentence once:
   * the message of the tool's exception is the beginning of this one's, which says what happened
   * and what to do, and the message of its cause has the further facts. Without such facts, both
   * have the whole message.
   *
   * @param constructor creates the tool's exception from a message and a cause
   * @param <E> the type of the tool's exception
   * @return the tool's exception; its cause has the type and the stack trace of this one
   */
  public final <E extends Exception> E wrappedIn(
      BiFunction<? super String, ? super Throwable, E> constructor) {
    return constructor.apply(summary.isEmpty() ? getMessage() : summary, factsOnly());
  }

  /** The same failure, without the summary in its message if there are further facts. */
  LockException factsOnly() {
    return this;
  }
}
