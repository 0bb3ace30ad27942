package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockTimeoutException;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys are on the server what they are in Java. */
class LockKeyIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  @ParameterizedTest
  @ValueSource(strings = {"migration", "flyway", "größe", "a b", "it's", "💡", " padded "})
  void shouldHashNameAsPsqlDoes(String name) {
    assertThat(
            scene
                .database()
                .count(
                    "select ('x' || encode(substr(sha256(convert_to('%s', 'UTF8')), 1, 8),"
                            .formatted(name.replace("'", "''"))
                        + " 'hex'))::bit(64)::bigint"))
        .isEqualTo(LockKey.named(name).value());
  }

  @ParameterizedTest
  @CsvSource({
    "42, app",
    "42, App",
    "0, public",
    "-1, größe",
    "-9223372036854775808, app",
    "9223372036854775807, app",
    "-8472138601791040455, app"
  })
  void shouldMixSchemaInAsPsqlDoes(long key, String schema) {
    assertThat(
            scene
                .database()
                .count(
                    "select ('x' || encode(substr(sha256(int8send('%d') || convert_to('%s', 'UTF8')),"
                            .formatted(key, schema)
                        + " 1, 8), 'hex'))::bit(64)::bigint"))
        .isEqualTo(LockKey.of(key).within(schema).value());
  }

  @ParameterizedTest
  @CsvSource({
    "0, extended",
    "-1, extended",
    "4294967296, extended",
    "-9223372036854775808, extended",
    "9223372036854775807, extended",
    "0, simple",
    "-1, simple",
    "4294967296, simple",
    "-9223372036854775808, simple",
    "9223372036854775807, simple"
  })
  void shouldLockEveryKeyAlone(long value, String queryMode) {
    LockKey key = LockKey.of(value);
    JdbcUrl url = JdbcUrl.parse(scene.database().url()).with("preferQueryMode", queryMode);
    LockSession session =
        LockSession.dedicated(
            () ->
                DriverManager.getConnection(
                    url.toString(), scene.database().user(), scene.database().password()),
            LockStage.NAME);

    try (HeldLock held = stage.lock(key, LockStage.ONCE).acquire(session)) {
      assertThat(held.key()).isEqualTo(key);
      assertThat(scene.probe().advisoryLocks())
          .singleElement()
          .returns(value, AdvisoryLockRow::key)
          .returns(true, AdvisoryLockRow::bigint)
          .returns(true, AdvisoryLockRow::exclusive)
          .returns(true, AdvisoryLockRow::granted);
    }
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 42, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldTellHowToFindAndEndTheHolder(long value) throws SQLException {
    LockKey key = LockKey.of(value);
    try (Connection holder =
            stage.connect(true); // in SQL: a run of this process is not to be ended
        PreparedStatement statement =
            holder.prepareStatement("SELECT pg_catalog.pg_advisory_lock(?)")) {
      statement.setLong(1, value);
      statement.execute();
      int pid = LockStage.pid(holder);

      LockTimeoutException timeout =
          catchThrowableOfType(
              LockTimeoutException.class,
              () -> stage.lock(key, LockStage.ONCE).acquire(stage.dedicated()));

      assertThat(timeout.holder()).get().returns(pid, seen -> seen.session().pid());
      List<String> statements = statements(timeout.getMessage());
      assertThat(scene.database().list(statements.get(1), row -> row.getInt("pid")))
          .containsExactly(pid);
      assertThat(scene.database().list(statements.get(0))).containsExactly("t");
      scene.probe().awaitUntil(() -> stage.isFree(key), "the holder has been ended");
    }
  }

  private static List<String> statements(String message) {
    Matcher matcher = Pattern.compile("select .*?;").matcher(message);
    return matcher.results().map(java.util.regex.MatchResult::group).toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 42, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldDeriveTheKeysOfWorkAndWaitingAsTheServerWould(long value) {
    LockKey key = LockKey.of(value);

    assertThat(key.forWork().value()).isEqualTo(derived(value, "work"));
    assertThat(key.forWaiting().value()).isEqualTo(derived(value, "wait"));
  }

  private long derived(long value, String what) {
    return scene
        .database()
        .count(
            ("select '%d'::bigint # ('x' || encode(substr(sha256(convert_to('%s', 'UTF8')), 1, 8),"
                    + " 'hex'))::bit(64)::bigint")
                .formatted(value, what));
  }

  @Test
  void shouldNotDisturbTheSameKeyInAnotherDatabase() {
    try (Database other = Server.get().freshDatabase();
        HeldLock here = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        HeldLock there = stage.lock(LockStage.ONCE).acquire(LockStage.dedicated(other))) {
      assertThat(here.key()).isEqualTo(there.key());
      assertThat(scene.probe().holders(LockStage.KEY.value())).hasSize(1);
      assertThat(new LockProbe(other).holders(LockStage.KEY.value())).hasSize(1);
    }
  }

  @Test
  void shouldSeeTheHolderInItsOwnDatabaseOnly() throws SQLException {
    try (Database other = Server.get().freshDatabase();
        HeldLock there = stage.lock(LockStage.ONCE).acquire(LockStage.dedicated(other));
        Connection here = scene.database().connect()) {
      assertThat(LockHolder.find(here, there.key())).isEmpty();
    }
  }

  @Test
  void shouldNotTakeAPairOfIntegersForTheKey() throws SQLException {
    LockKey key = LockKey.of((7L << 32) | 8);
    try (Connection pair = scene.database().connect()) {
      pair.createStatement().execute("select pg_advisory_lock(7, 8)");

      assertThat(LockHolder.find(pair, key)).isEmpty();
      stage.lock(key, LockStage.ONCE).acquire(stage.dedicated()).close();
    }
  }
}
