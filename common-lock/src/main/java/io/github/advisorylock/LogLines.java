package io.github.advisorylock;

import java.sql.SQLException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A listener that writes a line for each event to the log of the tool that it runs in: {@code info}
 * for waiting and for acquiring after a wait, {@code warn} for what needs a look, {@code debug} for
 * the rest. Each is one line without control characters, whatever other sessions call themselves
 * and execute.
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
    this.debug = line -> debug.accept(oneLine(line));
    this.info = line -> info.accept(oneLine(line));
    this.warn = line -> warn.accept(oneLine(line));
  }

  static LogLines ofSystemLogger() {
    System.Logger log = System.getLogger(AdvisoryLock.class.getName());
    return new LogLines(
        line -> log.log(System.Logger.Level.DEBUG, line),
        line -> log.log(System.Logger.Level.INFO, line),
        line -> log.log(System.Logger.Level.WARNING, line));
  }

  /**
   * A text as one line, for what a tool says besides.
   *
   * @param text what a server, a driver or another session says; null is written as {@code null}
   * @return the text, with a space for each run of line breaks and other control characters
   */
  public static String oneLine(@Nullable String text) {
    return Text.oneLine(String.valueOf(text));
  }

  /**
   * Why a database could not be asked, for people.
   *
   * @param failure what a server, a driver or a pool threw
   * @return its message on one line, without passwords, and its SQLSTATE if it has one
   */
  public static String said(Exception failure) {
    String said =
        failure instanceof SQLException sql
            ? Text.of(sql)
            : Text.squeezed(String.valueOf(failure.getMessage()));
    return Secrets.withoutPassword(said);
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
    } else if (event.failure() instanceof PendingConnection) {
      warn.accept(
          "Still waiting for a connection for the advisory lock %s: %s (%s; %s)"
              .formatted(event.key(), Text.of(event.failure()), soFar, bound(event.retry())));
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

  @Override
  public void onBlocked(Blocked event) {
    String statement = event.statement();
    warn.accept(
        "The work under the advisory lock %s (pid %d%s) waits for %s"
            .formatted(
                event.key(),
                event.pid(),
                statement == null ? "" : ": " + ServerSession.shortened(statement),
                Text.inTheWay(event.by())));
  }
}
