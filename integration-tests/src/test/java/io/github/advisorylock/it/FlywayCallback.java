package io.github.advisorylock.it;

import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/** A user's callback that does something at one event, named as all releases name it. */
final class FlywayCallback implements Callback {

  private final String eventName;
  private final Runnable action;
  private final boolean inTransaction;

  FlywayCallback(String eventName, Runnable action) {
    this(eventName, action, true);
  }

  private FlywayCallback(String eventName, Runnable action, boolean inTransaction) {
    this.eventName = eventName;
    this.action = action;
    this.inTransaction = inTransaction;
  }

  /** One for which Flyway opens no transaction, and so holds no snapshot meanwhile. */
  static FlywayCallback outsideTransactions(String eventName, Runnable action) {
    return new FlywayCallback(eventName, action, false);
  }

  @Override
  public boolean supports(Event event, Context context) {
    return event.name().equals(eventName);
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return inTransaction;
  }

  @Override
  public void handle(Event event, Context context) {
    action.run();
  }

  @Override
  public String getCallbackName() {
    return "callback of a user";
  }
}
