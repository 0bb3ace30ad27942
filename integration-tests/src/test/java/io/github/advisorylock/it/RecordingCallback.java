package io.github.advisorylock.it;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * A user's callback that writes down every event in the database, and whether the lock is held
 * then. Public, so that a class that a test compiles for db/callback can extend it.
 */
public class RecordingCallback implements Callback {

  private static final String RECORD =
      """
      INSERT INTO harness.events (name, locked) SELECT '%s', EXISTS (
        SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()
           AND a.application_name LIKE 'flyway holds %%')""";

  /** The statement that writes an event down, for SQL callbacks. */
  static String sql(String name) {
    return RECORD.formatted(name);
  }

  @Override
  public boolean supports(Event event, Context context) {
    return !event.name().endsWith("CONNECT") && !event.name().endsWith("CREATE_SCHEMA");
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return true;
  }

  @Override
  public void handle(Event event, Context context) {
    String sql = sql(getCallbackName() + ":" + event.name());
    try (PreparedStatement statement = context.getConnection().prepareStatement(sql)) {
      statement.execute();
    } catch (SQLException e) {
      throw new FlywayException(e);
    }
  }

  @Override
  public String getCallbackName() {
    return getClass().getSimpleName();
  }
}
