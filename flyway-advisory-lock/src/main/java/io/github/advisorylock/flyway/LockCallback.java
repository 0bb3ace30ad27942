package io.github.advisorylock.flyway;

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

  /** Before every other callback of an event: Flyway sorts them by name. */
  static final String FIRST = "";

  /** After every other callback of an event; Flyway logs it, so it has to be fit for XML. */
  static final String LAST = "\ufffd advisory lock";

  private final String callbackName;

  /** Names, since events differ between Flyway's releases. */
  private final Set<String> events;

  LockCallback(String callbackName, Set<String> events) {
    this.callbackName = callbackName;
    this.events = events;
  }

  abstract void handle(Event event, Context context, LockRuns runs);

  @Override
  public final String getCallbackName() {
    return callbackName;
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
    } catch (RuntimeException | Error e) {
      // Whatever else a callback throws, Flyway may take for a success and commit.
      throw new FlywayException(String.valueOf(e.getMessage()), e);
    }
  }
}
