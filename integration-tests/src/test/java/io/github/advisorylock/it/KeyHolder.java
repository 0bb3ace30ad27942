package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Callable;

/** A session of the harness that holds a key, as another runner would. */
final class KeyHolder {
  private KeyHolder() {}

  /** Does something while the key, which must be free before and is free afterwards, is held. */
  static <T> T whileHeld(LockKey key, Database database, Callable<T> action) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      assertThat(call(statement, "pg_try_advisory_lock", key)).as("free before").isTrue();
      T result = action.call();
      assertThat(call(statement, "pg_advisory_unlock", key)).as("held until now").isTrue();
      return result;
    }
  }

  private static boolean call(Statement statement, String function, LockKey key)
      throws SQLException {
    try (ResultSet row = statement.executeQuery("SELECT %s(%d)".formatted(function, key.value()))) {
      return row.next() && row.getBoolean(1);
    }
  }
}
