package io.github.advisorylock.flyway;

import java.util.Set;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.jspecify.annotations.Nullable;

/**
 * Takes the lock before migrations where Flyway does not create the schemas, and so says nothing
 * earlier. Not used otherwise, since Flyway opens one connection more for this event. For Flyway
 * only.
 */
public final class AcquireLockBeforeMigrate extends LockCallback {

  private static final String BEFORE_MIGRATE = "BEFORE_MIGRATE";

  /** The callback; Flyway may make it by its name. */
  public AcquireLockBeforeMigrate() {
    super(FIRST, Set.of("AFTER_CONNECT", "BEFORE_VALIDATE", BEFORE_MIGRATE));
  }

  /** Once for the main connection, and before migrations. */
  @Override
  boolean isWorth(Event event, @Nullable Context context) {
    return event.name().equals(BEFORE_MIGRATE)
        || context == null
        || !AdvisoryLockProvider.runsOf(context.getConfiguration()).isMainConnectionKnown();
  }

  @Override
  void handle(Event event, Context context, LockRuns runs) {
    if (event.name().equals(BEFORE_MIGRATE)) {
      runs.acquire(context);
      runs.startWork(context.getConnection());
    } else {
      runs.mainConnectionSeen(context);
    }
  }
}
