package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Migrations that change the session in which they run. With stock Flyway its own lock and its
 * history are on another connection; with the lock they are not, and it comes to the same.
 */
@Timeout(120)
class FlywayScriptsIT {

  private static final String SETTINGS =
      """
      SELECT name || '=' || setting FROM pg_settings
       WHERE name IN ('statement_timeout', 'lock_timeout', 'default_transaction_read_only',
                      'idle_in_transaction_session_timeout', 'transaction_timeout', 'search_path')
       ORDER BY name""";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final Transcript transcript = new Transcript();

  @BeforeEach
  void listen() {
    transcript.listenToFlyway();
  }

  private void write(String file, boolean inTransaction, String... statements) throws IOException {
    Files.writeString(folder.resolve(file), String.join(";\n", statements) + ";");
    Files.writeString(folder.resolve(file + ".conf"), "executeInTransaction=" + inTransaction);
  }

  private FluentConfiguration configure(boolean active) {
    return Flyway.configure()
        .loggers(Transcript.ForFlyway.class.getName())
        .dataSource(
            scene.database().url("flyway"), scene.database().user(), scene.database().password())
        .locations("filesystem:" + folder)
        .table(active ? "history_locked" : "history_stock")
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .configuration(Map.of("flyway.advisoryLock.active", Boolean.toString(active)));
  }

  /**
   * How a run ended.
   *
   * @param seen what the last migration saw
   */
  private record Ending(boolean succeeded, List<String> history, List<String> seen) {}

  private Ending run(boolean active) {
    scene.database().execute("DROP TABLE IF EXISTS public.seen");
    Throwable failure = catchThrowable(configure(active).load()::migrate);
    List<String> seen =
        scene.database().count("SELECT count(to_regclass('public.seen'))") == 0
            ? List.of()
            : scene.database().list("SELECT * FROM public.seen");
    List<String> history =
        scene
            .database()
            .list(
                "SELECT version || ' ' || success FROM "
                    + (active ? "history_locked" : "history_stock")
                    + " WHERE version <> '0' ORDER BY installed_rank");
    assertThat(transcript.toString()).doesNotContain("Unable to release");
    scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
    return new Ending(failure == null, history, seen);
  }

  @ParameterizedTest(name = "{0}, in a transaction: {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          DISCARD ALL                                              | false
          DISCARD TEMP                                             | true
          SELECT pg_advisory_unlock_all()                          | true
          SELECT pg_advisory_unlock_all()                          | false
          RESET ALL                                                | true
          RESET ALL                                                | false
          SET statement_timeout = '5s'                             | true
          SET statement_timeout = '5s'                             | false
          SET LOCAL statement_timeout = '5s'                       | true
          SET lock_timeout = '5s'                                  | true
          SET lock_timeout = '5s'                                  | false
          SET idle_in_transaction_session_timeout = '5s'           | true
          SET idle_in_transaction_session_timeout = '5s'           | false
          SET transaction_timeout = '5s'                           | true
          SET transaction_timeout = '5s'                           | false
          SET search_path = ''                                     | true
          SET search_path = ''                                     | false
          SET ROLE pg_monitor                                      | true
          SET ROLE pg_monitor                                      | false
          CLOSE ALL                                                | true
          UNLISTEN *                                               | true
          """)
  void shouldEndAsWithStockFlyway(String statement, boolean inTransaction) throws IOException {
    assumeThat(isKnown(statement)).as("the server has it").isTrue();
    write("V1__hostile.sql", inTransaction, "SELECT 1", statement);
    write("V2__seen.sql", true, "CREATE TABLE public.seen AS " + SETTINGS);

    Ending stock = run(false);

    assertThat(run(true)).isEqualTo(stock);
  }

  /** PostgreSQL has it from 17 on. */
  private boolean isKnown(String statement) {
    return !statement.contains(" transaction_timeout")
        || scene
                .database()
                .count("SELECT count(*) FROM pg_settings WHERE name = 'transaction_timeout'")
            == 1;
  }

  /** With stock Flyway, a migration that writes would fail after it. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldRecordScriptsAfterOneThatSwitchesToReadOnly(boolean inTransaction) throws IOException {
    write("V1__hostile.sql", inTransaction, "SET default_transaction_read_only = on");
    write("V2__reading.sql", true, "SELECT 1");
    write("V3__reading.sql", false, "SELECT 1");

    Ending stock = run(false);

    assertThat(stock.succeeded()).isTrue();
    assertThat(run(true)).isEqualTo(stock);
  }

  /** With stock Flyway, a migration after it would fail. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldRecordAScriptThatChangesTheUser(boolean inTransaction) throws IOException {
    Login login = scene.database().createLogin();
    write("V1__hostile.sql", inTransaction, "SET SESSION AUTHORIZATION " + login.user());

    Ending stock = run(false);

    assertThat(stock.succeeded()).isTrue();
    assertThat(run(true)).isEqualTo(stock);
  }

  @Test
  void shouldRecordAFailureAfterTheLockWasReleased() throws IOException {
    write("V1__hostile.sql", false, "SELECT pg_advisory_unlock_all()", "SELECT 1 / 0");

    Ending ending = run(true);

    assertThat(ending.succeeded()).isFalse();
    assertThat(ending.history()).contains("1 false");
  }

  @ParameterizedTest(name = "{0}, in a transaction: {1}")
  @CsvSource({
    "statement_timeout, true",
    "statement_timeout, false",
    "lock_timeout, true",
    "lock_timeout, false"
  })
  void shouldNotBoundTheHistoryByTimeoutsOfAScript(String setting, boolean inTransaction)
      throws Exception {
    write("V1__first.sql", true, "CREATE TABLE first (id int)");
    configure(true).load().migrate();
    write("V2__bounded.sql", inTransaction, "SET %s = '300ms'".formatted(setting));
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE history_locked IN SHARE MODE");
      CompletableFuture<Throwable> run =
          CompletableFuture.supplyAsync(() -> catchThrowable(configure(true).load()::migrate));
      scene
          .probe()
          .awaitUntil(
              () ->
                  run.isDone()
                      || scene
                              .database()
                              .count(
                                  "SELECT count(*) FROM pg_stat_activity"
                                      + " WHERE query LIKE 'INSERT INTO %'"
                                      + " AND wait_event_type = 'Lock'"
                                      + " AND clock_timestamp() - query_start > interval '1s'")
                          == 1,
              "the row waits for longer than the timeout");
      other.rollback();

      assertThat(run.get()).isNull();
    }
    assertThat(scene.database().list("SELECT version FROM history_locked ORDER BY installed_rank"))
        .containsExactly("1", "2");
  }

  /** It closes what it should leave open. */
  private record Closing(boolean canExecuteInTransaction) implements JavaMigration {
    @Override
    public MigrationVersion getVersion() {
      return MigrationVersion.fromVersion("2");
    }

    @Override
    public String getDescription() {
      return "closing";
    }

    @Override
    public Integer getChecksum() {
      return 1;
    }

    @Override
    public void migrate(Context context) throws SQLException {
      context.getConnection().close();
    }
  }

  @ParameterizedTest(name = "in a transaction: {0}, autocommit of the pool: {1}")
  @CsvSource({"true, true", "false, true", "true, false"})
  void shouldLeaveNoLockInAPoolWhenAMigrationClosesItsConnection(
      boolean inTransaction, boolean autoCommit) throws IOException {
    write("V1__first.sql", true, "CREATE TABLE first (id int)");
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(3);
    config.setAutoCommit(autoCommit);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      Flyway failing =
          configure(true).dataSource(pool).javaMigrations(new Closing(inTransaction)).load();

      assertThat(catchThrowable(failing::migrate)).isNotNull();

      scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
      assertThat(transcript.toString()).contains("A migration closed Flyway's connection (pid ");
      configure(true).lockRetryCount(1).load().migrate();
    }
    assertThat(scene.database().list("SELECT version FROM history_locked WHERE success"))
        .contains("1");
  }
}
