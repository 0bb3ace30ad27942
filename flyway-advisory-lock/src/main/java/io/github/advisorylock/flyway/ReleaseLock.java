package io.github.advisorylock.flyway;

import java.util.Set;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * Releases the lock when a run has succeeded. A run that fails may end without any event, and for
 * some events Flyway would open a connection that it may not get: those runs are noticed by {@link
 * LockRun}. For Flyway only.
 */
public final class ReleaseLock extends LockCallback {

  /** The callback; Flyway may make it by its name. */
  public ReleaseLock() {
    super(
        LAST,
        Set.of(
            "AFTER_MIGRATE_OPERATION_FINISH",
            "AFTER_CLEAN_OPERATION_FINISH",
            "AFTER_BASELINE_OPERATION_FINISH",
            "AFTER_REPAIR_OPERATION_FINISH",
            "AFTER_UNDO_OPERATION_FINISH"));
  }

  @Override
  void handle(Event event, Context context, LockRuns runs) {
    runs.release();
  }
}
