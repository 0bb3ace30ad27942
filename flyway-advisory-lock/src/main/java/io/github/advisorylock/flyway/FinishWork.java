package io.github.advisorylock.flyway;

import java.sql.Connection;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.jspecify.annotations.Nullable;

/**
 * Stops a run before it commits what it did, if the lock is lost, and says when a connection has
 * done its work. Says more of a statement that a timeout has ended. After everything else that
 * happens on the connection. For Flyway only.
 */
public final class FinishWork extends LockCallback {

  private static final Set<String> MIGRATED = Set.of("AFTER_EACH_MIGRATE", "AFTER_EACH_UNDO");

  private static final Set<String> FAILED =
      Set.of("AFTER_EACH_MIGRATE_ERROR", "AFTER_EACH_UNDO_ERROR");

  /** Older releases do not tell of them, or not why. */
  private static final Set<String> STATEMENT_FAILED =
      Set.of("AFTER_EACH_MIGRATE_STATEMENT_ERROR", "AFTER_EACH_UNDO_STATEMENT_ERROR");

  /** The ends of what happens on the main connection only. */
  private static final Set<String> ON_MAIN_CONNECTION =
      Set.of(
          "AFTER_BASELINE",
          "AFTER_BASELINE_ERROR",
          "AFTER_CLEAN",
          "AFTER_CLEAN_ERROR",
          "AFTER_REPAIR",
          "AFTER_REPAIR_ERROR");

  /** Nothing comes after them in a run that has failed; not told of in all such runs. */
  private static final Set<String> ENDS_RUN =
      Set.of(
          "AFTER_BASELINE_ERROR",
          "AFTER_CLEAN_ERROR",
          "AFTER_MIGRATE_ERROR",
          "AFTER_REPAIR_ERROR",
          "AFTER_UNDO_ERROR");

  /** The callback; Flyway may make it by its name. */
  public FinishWork() {
    super(
        LAST,
        Stream.of(
                MIGRATED,
                FAILED,
                STATEMENT_FAILED,
                ON_MAIN_CONNECTION,
                StartWork.ON_OWN_CONNECTION,
                Set.of(AcquireLock.BEFORE_UNDO))
            .flatMap(Set::stream)
            .collect(Collectors.toUnmodifiableSet()));
  }

  @Override
  boolean isWorth(Event event, @Nullable Context context) {
    return STATEMENT_FAILED.contains(event.name())
        ? context != null
            && AdvisoryLockProvider.runsOf(context.getConfiguration()).canExplainTimeouts()
        : StartWork.isWorthItsConnection(event, context);
  }

  @Override
  void handle(Event event, Context context, LockRuns runs) {
    Connection connection = context.getConnection();
    if (MIGRATED.contains(event.name())) {
      runs.beforeCommit(context);
    } else if (STATEMENT_FAILED.contains(event.name())) {
      runs.explainStatementFailure(context);
    } else if (FAILED.contains(event.name())) {
      runs.explainFailure(context);
    } else {
      runs.finishWork(connection);
      if (ENDS_RUN.contains(event.name())) {
        runs.release();
      }
    }
  }
}
