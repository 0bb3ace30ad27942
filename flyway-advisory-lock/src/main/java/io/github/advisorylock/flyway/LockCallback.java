package io.github.advisorylock.flyway;

import io.github.advisorylock.LockException;
import java.util.Set;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.jspecify.annotations.Nullable;

/**
 * A callback that does something to the lock at certain events. Has no state of its own, since
 * Flyway may make another one by the class's name.
 */
abstract class LockCallback implements Callback {

  /** Sorts before every other callback of an event, as a script without a description does. */
  static final String FIRST = "";

  /**
   * Sorts after every other callback of an event; fit for XML, as everything in a log has to be.
   */
  static final String LAST = "\ufffd advisory lock";

  private static final String NAME = "advisory lock";

  /** The method of Flyway's that logs the name, from 13.12 on. */
  private static final String LOGGING_METHOD = "handleEvent";

  private final String sortKey;

  /** Names, since events differ between Flyway's releases. */
  private final Set<String> events;

  LockCallback(String sortKey, Set<String> events) {
    this.sortKey = sortKey;
    this.events = events;
  }

  abstract void handle(Event event, Context context, LockRuns runs);

  /**
   * Returns what Flyway sorts by. No text that can be read sorts before a script without a
   * description, whose name is empty, so Flyway's log gets another one.
   */
  @Override
  public final String getCallbackName() {
    return isCalledToLog() ? NAME : sortKey;
  }

  private static boolean isCalledToLog() {
    return StackWalker.getInstance()
        .walk(frames -> frames.skip(2).findFirst())
        .filter(caller -> caller.getMethodName().equals(LOGGING_METHOD))
        .isPresent();
  }

  @Override
  public final boolean supports(Event event, @Nullable Context context) {
    return events.contains(event.name()) && isWorth(event, context);
  }

  /** Whether an event of ours matters now. */
  boolean isWorth(Event event, @Nullable Context context) {
    return true;
  }

  /** Never: who waits in a transaction keeps every CREATE INDEX CONCURRENTLY waiting. */
  @Override
  public final boolean canHandleInTransaction(Event event, @Nullable Context context) {
    return false;
  }

  @Override
  public final void handle(Event event, Context context) {
    try {
      handle(event, context, AdvisoryLockProvider.runsOf(context.getConfiguration()));
    } catch (FlywayException e) {
      throw e;
    } catch (LockException e) {
      throw e.wrappedIn(FlywayException::new);
    } catch (RuntimeException | Error e) {
      // Whatever else a callback throws, Flyway may take for a success and commit.
      throw new FlywayException(String.valueOf(e.getMessage()), e);
    }
  }
}
