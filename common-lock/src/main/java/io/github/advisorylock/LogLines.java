package io.github.advisorylock;

import java.util.function.Consumer;

/**
 * A listener that writes a line for each event to the log of the tool that it runs in: {@code info}
 * for waiting and for acquiring after a wait, {@code warn} for what needs a look, {@code debug} for
 * the rest.
 */
public final class LogLines implements LockListener {

  private final Consumer<String> debug;
  private final Consumer<String> info;
  private final Consumer<String> warn;

  /**
   * Lines for the given logs.
   *
   * @param debug takes what only somebody who looks for trouble wants to read
   * @param info takes what an operator wants to read
   * @param warn takes what an operator should read
   */
  public LogLines(Consumer<String> debug, Consumer<String> info, Consumer<String> warn) {
    this.debug = debug;
    this.info = info;
    this.warn = warn;
  }

  @Override
  public void onWaiting(Waiting event) {
    String soFar = Text.triesAndTime(event.attempts(), event.waited());
    if (event.failure() == null) {
      info.accept(
          "Waiting for the advisory lock %s: %s (%s; %s)"
              .formatted(
                  event.key(),
                  Text.heldBy(event.holder(), event.key()),
                  soFar,
                  bound(event.retry())));
    } else {
      warn.accept(
          "Cannot try for the advisory lock %s, will try again: %s (%s; %s)"
              .formatted(event.key(), Text.of(event.failure()), soFar, bound(event.retry())));
    }
  }

  private static String bound(RetryPolicy retry) {
    String time = retry.isWithoutTimeout() ? "no timeout" : "timeout " + Text.of(retry.timeout());
    return retry.maxAttempts() == RetryPolicy.UNLIMITED_ATTEMPTS
        ? time
        : time + ", at most " + retry.maxAttempts() + " tries";
  }

  @Override
  public void onAcquired(Acquired event) {
    String line =
        "Acquired the advisory lock %s (%s)"
            .formatted(event.key(), Text.triesAndTime(event.attempts(), event.waited()));
    (event.attempts() > 1 ? info : debug).accept(line);
  }

  @Override
  public void onReleased(Released event) {
    debug.accept(
        "Released the advisory lock %s after %s".formatted(event.key(), Text.of(event.held())));
  }

  @Override
  public void onLost(Lost event) {
    warn.accept(
        "The advisory lock %s was lost: %s. It had been acquired %s before"
            .formatted(event.key(), event.reason(), Text.of(event.held())));
  }
}
