package io.github.advisorylock.flyway;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * Takes the lock at the first event of a run that changes something. Where all of that happens on
 * the event's connection, its work starts here, too. For Flyway only.
 */
public final class AcquireLock extends LockCallback {

  /** Flyway before 10.20 has only the older name; later ones print a warning about it. */
  private static final String CREATE_SCHEMA =
      Arrays.stream(Event.values()).anyMatch(event -> event.name().equals("BEFORE_CREATE_SCHEMA"))
          ? "BEFORE_CREATE_SCHEMA"
          : "CREATE_SCHEMA";

  /** Events that come on a connection that Flyway closes right after. */
  static final String BEFORE_UNDO = "BEFORE_UNDO";

  private static final Set<String> EVENTS =
      Stream.of(CREATE_SCHEMA, "BEFORE_BASELINE", "BEFORE_REPAIR", "BEFORE_CLEAN", BEFORE_UNDO)
          .collect(Collectors.toUnmodifiableSet());

  /** The callback; Flyway may make it by its name. */
  public AcquireLock() {
    super(FIRST, EVENTS);
  }

  @Override
  void handle(Event event, Context context, LockRuns runs) {
    if (event.name().equals(BEFORE_UNDO)) {
      runs.acquire(context);
    } else {
      runs.acquireOnMainConnection(context);
    }
    if (event.name().equals(CREATE_SCHEMA)) {
      runs.verify(context.getConnection()); // which may have been lost during the wait
    } else {
      runs.startWork(context.getConnection());
    }
  }
}
