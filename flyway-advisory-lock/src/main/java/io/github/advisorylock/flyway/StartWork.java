package io.github.advisorylock.flyway;

import java.sql.Connection;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.jspecify.annotations.Nullable;

/**
 * Says, before anything else happens on a connection, that it works under the lock, and stops the
 * run there if the lock is lost. For Flyway only.
 */
public final class StartWork extends LockCallback {

  private static final String BEFORE_MIGRATE = "BEFORE_MIGRATE";

  static final String BEFORE_EACH_MIGRATE = "BEFORE_EACH_MIGRATE";

  private static final Set<String> EACH_STATEMENT =
      Set.of("BEFORE_EACH_MIGRATE_STATEMENT", "BEFORE_EACH_UNDO_STATEMENT");

  private static final Set<String> EACH_MIGRATION = Set.of(BEFORE_EACH_MIGRATE, "BEFORE_EACH_UNDO");

  /** Events for which Flyway opens a connection, if anybody wants to hear of them. */
  static final Set<String> ON_OWN_CONNECTION =
      Set.of(
          BEFORE_MIGRATE,
          "AFTER_VERSIONED",
          "BEFORE_REPEATABLES",
          "AFTER_MIGRATE_APPLIED",
          "AFTER_MIGRATE",
          "AFTER_MIGRATE_ERROR",
          "AFTER_UNDO",
          "AFTER_UNDO_ERROR");

  /** Those of them at which Flyway has a failure to tell of. */
  private static final Set<String> AFTER_FAILURE =
      Set.of("AFTER_MIGRATE_ERROR", "AFTER_UNDO_ERROR");

  /** The callback; Flyway may make it by its name. */
  public StartWork() {
    super(
        FIRST,
        Stream.of(EACH_STATEMENT, EACH_MIGRATION, ON_OWN_CONNECTION)
            .flatMap(Set::stream)
            .collect(Collectors.toUnmodifiableSet()));
  }

  @Override
  boolean isWorth(Event event, @Nullable Context context) {
    return EACH_STATEMENT.contains(event.name())
        ? isWorthBeforeStatement(context)
        : isWorthItsConnection(event, context) && !isStartedWithTheRun(event, context);
  }

  /** {@link AcquireLockBeforeMigrate} does it. */
  private static boolean isStartedWithTheRun(Event event, @Nullable Context context) {
    return event.name().equals(BEFORE_MIGRATE)
        && context != null
        && !context.getConfiguration().isCreateSchemas();
  }

  /** Not in a transaction, unless it has to stop: Flyway logs each event that is worth a call. */
  private static boolean isWorthBeforeStatement(@Nullable Context context) {
    return context == null
        || AdvisoryLockProvider.runsOf(context.getConfiguration())
            .mustCheckStatement(context.getConnection());
  }

  /**
   * Whether an event costs nothing: before Flyway opens a connection for it, it asks without one
   * whether anybody is interested, and we are only if somebody else is.
   */
  static boolean isWorthItsConnection(Event event, @Nullable Context context) {
    return !ON_OWN_CONNECTION.contains(event.name())
        || (context != null && context.getConnection() != null);
  }

  @Override
  void handle(Event event, Context context, LockRuns runs) {
    Connection connection = context.getConnection();
    if (EACH_STATEMENT.contains(event.name())) {
      runs.continueWork(connection);
    } else if (EACH_MIGRATION.contains(event.name())) {
      runs.startMigration(context);
    } else if (AFTER_FAILURE.contains(event.name())) {
      runs.startWorkAfterFailure(connection);
    } else {
      runs.startWork(connection);
    }
  }
}
