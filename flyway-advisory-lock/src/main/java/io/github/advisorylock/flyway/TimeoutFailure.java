package io.github.advisorylock.flyway;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.ServerSession;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Error;
import org.flywaydb.core.api.callback.Statement;

/**
 * The failure of a statement that one of the timeouts has ended, with all that Flyway's own says
 * and who was in the way. Flyway shows its own to nobody before it throws it, so this one has to
 * take its place.
 */
final class TimeoutFailure {

  private TimeoutFailure() {}

  /**
   * The failure that a context tells of.
   *
   * @return empty if it has nothing to do with a timeout, or somebody has handled it
   */
  static Optional<FlywayException> of(Context context, HeldLock lock) {
    Statement statement = context.getStatement();
    if (statement == null || lock.isLost()) {
      return Optional.empty();
    }
    return Objects.requireNonNullElse(statement.getErrors(), List.<Error>of()).stream()
        .filter(error -> !error.isHandled())
        .flatMap(error -> of(error, statement.getSql(), context, lock).stream())
        .findFirst();
  }

  private static Optional<FlywayException> of(
      Error error, String sql, Context context, HeldLock lock) {
    SQLException failure = new SQLException(error.getMessage(), error.getState(), error.getCode());
    return lock.explain(String.valueOf(error.getState()), sql + "\n" + error.getMessage())
        .map(
            explanation ->
                new FlywayException(
                    "%s failed in: %s. The server says: %s [SQLSTATE %s]. %s"
                        .formatted(
                            scriptOf(context),
                            ServerSession.shortened(sql),
                            String.valueOf(error.getMessage()).replaceAll("\\s+", " "),
                            error.getState(),
                            explanation),
                    failure));
  }

  /** What failed, for people. */
  static String scriptOf(Context context) {
    MigrationInfo migration = context.getMigrationInfo();
    return migration == null ? "A script" : migration.getScript();
  }
}
