package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.LockKey;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import org.apache.commons.dbcp2.BasicDataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.flywaydb.core.internal.callback.CallbackExecutor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

/**
 * A run of Flyway that loses its lock while it works: what it has not committed is undone, and
 * nobody else begins before its last statement has ended.
 */
@Timeout(120) // a run that is stuck would be waited for without a bound
class FlywayLostLockIT {

  private static final String APPLIED =
      "SELECT version FROM flyway_schema_history WHERE success ORDER BY installed_rank";

  private static final String HISTORY =
      "SELECT version || ' ' || success FROM flyway_schema_history ORDER BY installed_rank";

  /** Stops, and fails when it is let go. */
  private static final String FAILING_AT_BRAKE = "SELECT 1 / (" + Brake.SQL + ")";

  private static final String KEPT_OUT =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flyway'"
          + " AND query LIKE 'INSERT INTO %' AND wait_event_type = 'Lock'";

  /** Whether this session works under the lock, for use in a migration. */
  private static final String WORKS =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
          + " AND pid = pg_backend_pid()";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final Transcript transcript = new Transcript();

  @BeforeEach
  void prepare() throws IOException {
    transcript.listenToFlyway();
    write("V1__one.sql", "CREATE TABLE one (id int);");
  }

  private void write(String file, String... statements) throws IOException {
    Files.writeString(folder.resolve(file), String.join(";\n", statements));
  }

  /** Behind a script's name, {@code .conf} says how it is to run. */
  private void writeNonTransactional(String file, String... statements) throws IOException {
    write(file, statements);
    Files.writeString(folder.resolve(file + ".conf"), "executeInTransaction=false");
  }

  private FluentConfiguration configure(String... settings) {
    FluentConfiguration flyway =
        Flyway.configure()
            .loggers(Transcript.ForFlyway.class.getName())
            .dataSource(
                scene.database().url("flyway"),
                scene.database().user(),
                scene.database().password())
            .locations("filesystem:" + folder)
            .cleanDisabled(false);
    for (int i = 0; i < settings.length; i += 2) {
      flyway.configuration(Map.of("flyway.advisoryLock." + settings[i], settings[i + 1]));
    }
    return flyway;
  }

  /** A run besides the test; what it failed with, or null. */
  private static CompletableFuture<Throwable> start(Flyway flyway) {
    return CompletableFuture.supplyAsync(() -> catchThrowable(flyway::migrate));
  }

  /** Runs Flyway, and ends the lock's session while a migration stands at the brake. */
  private Throwable migrateAndLoseTheLock() throws Exception {
    try (Brake brake = Brake.on(scene.database())) {
      CompletableFuture<Throwable> run = start(configure().load());
      brake.awaitStopped();
      scene.terminateHolder();
      brake.release();
      return run.get();
    }
  }

  private boolean exists(String table) {
    return scene
            .database()
            .count("SELECT count(*) FROM pg_class WHERE relname = '%s'".formatted(table))
        == 1;
  }

  @Test
  void shouldRollBackTheMigrationInWhichTheLockWasLost() throws Exception {
    write("V2__two.sql", "CREATE TABLE two (id int)", Brake.SQL);

    assertThat(migrateAndLoseTheLock())
        .hasMessageContaining("The advisory lock " + LockKey.MIGRATION + " was lost: ")
        .hasMessageContaining("57P01");
    assertThat(exists("two")).isFalse();
    assertThat(scene.database().list(APPLIED)).containsExactly("1");
    scene.probe().awaitNothingLeft();

    configure().load().migrate();

    assertThat(scene.database().list(APPLIED)).containsExactly("1", "2");
  }

  /** As when both sessions of a frozen process are ended, or the server restarts. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldReportTheLostLockWhicheverSessionEndsFirst(boolean lockEndsFirst) {
    JavaMigration losing =
        new Losing(
            working -> {
              int holder = scene.probe().holders(LockKey.MIGRATION.value()).get(0).pid();
              List<Integer> order =
                  lockEndsFirst ? List.of(holder, working) : List.of(working, holder);
              order.forEach(this::terminate);
            },
            () ->
                scene
                    .probe()
                    .awaitUntil(
                        () -> transcript.toString().contains(" was lost: "),
                        "the loss is noticed"));

    assertThat(catchThrowable(configure().javaMigrations(losing).load()::migrate))
        .hasMessageContaining("The advisory lock " + LockKey.MIGRATION + " was lost: ");

    assertThat(scene.database().list(APPLIED)).containsExactly("1");
    scene.probe().awaitNothingLeft();
  }

  private void terminate(int pid) {
    scene.database().execute("SELECT pg_terminate_backend(" + pid + ")");
    scene
        .probe()
        .awaitUntil(
            () -> scene.probe().sessions().stream().noneMatch(session -> session.pid() == pid),
            "the session has gone");
  }

  /**
   * Finds that its session has ended.
   *
   * @param end ends sessions, given the pid of the working session
   * @param beforeFailure what it waits for before Flyway is told
   */
  private record Losing(IntConsumer end, Runnable beforeFailure) implements JavaMigration {
    @Override
    public MigrationVersion getVersion() {
      return MigrationVersion.fromVersion("2");
    }

    @Override
    public String getDescription() {
      return "losing";
    }

    @Override
    public Integer getChecksum() {
      return 1;
    }

    @Override
    public boolean canExecuteInTransaction() {
      return true;
    }

    @Override
    public void migrate(Context context) throws SQLException {
      try (Statement statement = context.getConnection().createStatement()) {
        try (ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
          row.next();
          end.accept(row.getInt(1));
        }
        statement.execute("CREATE TABLE two (id int)");
      } catch (SQLException e) {
        beforeFailure.run();
        throw e;
      }
    }
  }

  @Test
  void shouldWaitForTheStatementOfARunThatHasLostTheLock() throws Exception {
    write("V2__two.sql", "CREATE TABLE two (id int)", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      CompletableFuture<Throwable> loser = start(configure().load());
      brake.awaitStopped();
      scene.terminateHolder();

      Throwable failure = start(configure("timeout", "300ms").load()).get();

      assertThat(failure)
          .hasMessageContaining("Gave up on the advisory lock " + LockKey.MIGRATION)
          .hasMessageContaining("a session still works for a run that has lost it: pid ")
          .hasMessageContaining("[flyway]")
          .hasStackTraceContaining("active for ")
          .hasStackTraceContaining(Brake.SQL);
      CompletableFuture<Throwable> next = start(configure().load());
      scene.awaitHolder();
      assertThat(brake.stopped()).isEqualTo(1);

      brake.release();

      assertThat(loser.get()).hasMessageContaining(" was lost: ");
      assertThat(next.get()).isNull();
    }
    assertThat(scene.database().list(APPLIED)).containsExactly("1", "2");
    scene.probe().awaitNothingLeft();
  }

  /** Where Flyway tells of each statement, which 10.10 does not. */
  @Test
  void shouldNotRunTheNextStatementOutsideOfATransaction() throws Exception {
    assumeThat(CallbackExecutor.class.getMethods())
        .extracting(Method::getName)
        .contains("onEachMigrateOrUndoStatementEvent");
    writeNonTransactional("V2__two.sql", Brake.SQL, "CREATE TABLE late (id int)");

    assertThat(migrateAndLoseTheLock()).hasMessageContaining(" was lost: ");
    assertThat(exists("late")).isFalse();
    scene.probe().awaitNothingLeft();
  }

  /** Where Flyway does not tell of each statement, the last one fails by itself. */
  @Test
  void shouldNotRepeatWhatWasStoppedOutsideOfATransaction() throws Exception {
    scene.database().execute("CREATE SCHEMA harness", "CREATE TABLE harness.done (id int)");
    writeNonTransactional(
        "V2__two.sql", "INSERT INTO harness.done VALUES (1)", Brake.SQL, "SELECT 1 / 0");

    assertThat(migrateAndLoseTheLock()).isNotNull();

    assertThat(scene.database().list(HISTORY)).containsExactly("1 true", "2 false");
    scene.probe().awaitNothingLeft();
    assertThat(catchThrowable(configure().load()::migrate))
        .hasMessageContaining("failed migration to version 2");
    assertThat(scene.database().count("SELECT count(*) FROM harness.done")).isEqualTo(1);
  }

  /** Its lock may be lost, but why a migration failed is for Flyway to say. */
  @Test
  void shouldSayWhyAMigrationFailedOutsideOfATransaction() throws Exception {
    writeNonTransactional("V2__two.sql", FAILING_AT_BRAKE);

    assertThat(migrateAndLoseTheLock()).hasMessageContaining("division by zero");

    assertThat(scene.database().list(HISTORY)).containsExactly("1 true", "2 false");
    assertThat(transcript.toString())
        .contains("V2__two.sql failed. The advisory lock " + LockKey.MIGRATION + " was lost: ");
    scene.probe().awaitNothingLeft();
  }

  /** Whoever comes next must find the row, or would do it all again. */
  @Test
  void shouldWorkUntilTheRowOfAFailureIsWritten() throws Exception {
    configure().load().migrate();
    writeNonTransactional("V2__two.sql", "SELECT 1 / 0");
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE flyway_schema_history IN SHARE MODE");
      CompletableFuture<Throwable> run = start(configure().load());
      scene.probe().awaitUntil(() -> scene.database().count(KEPT_OUT) == 1, "the row is kept out");

      assertThat(scene.probe().holders(LockKey.MIGRATION.forWork().value())).hasSize(1);

      other.rollback();
      assertThat(run.get()).hasMessageContaining("division by zero");
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldRecordWhatCannotBeRolledBack() throws Exception {
    writeNonTransactional("V2__two.sql", "CREATE TABLE two AS " + Brake.SQL);
    write("V3__three.sql", "CREATE TABLE three (id int)");

    assertThat(migrateAndLoseTheLock()).hasMessageContaining(" was lost: ");
    assertThat(scene.database().list(APPLIED)).containsExactly("1", "2");
    assertThat(exists("three")).isFalse();

    configure().load().migrate();

    assertThat(scene.database().list(APPLIED)).containsExactly("1", "2", "3");
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndAnOrphanThatHasStoppedWorking(boolean inTransaction) throws SQLException {
    try (Connection orphan = scene.database().connect();
        Statement statement = orphan.createStatement()) {
      orphan.setAutoCommit(!inTransaction);
      statement.execute(
          "SELECT pg_advisory_lock_shared(" + LockKey.MIGRATION.forWork().value() + ")");

      configure().load().migrate();

      assertThat(catchThrowable(() -> statement.execute("SELECT 1"))).isNotNull();
    }
    assertThat(scene.database().list(APPLIED)).containsExactly("1");
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"V2__two.sql", "beforeMigrate.sql", "afterMigrate.sql", "afterVersioned.sql"})
  void shouldWorkUnderTheLockWhereverScriptsRun(String script) throws Exception {
    write(script, "CREATE TABLE seen AS " + WORKS);

    configure().load().migrate();

    assertThat(scene.database().list("SELECT * FROM seen")).containsExactly("1");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWorkUnderTheLockAfterAFailure() throws Exception {
    write("V2__two.sql", "SELECT 1 / 0");
    write("afterMigrateError.sql", "CREATE TABLE seen AS " + WORKS);

    assertThat(catchThrowable(configure().load()::migrate))
        .hasMessageContaining("division by zero");

    assertThat(scene.database().list("SELECT * FROM seen")).containsExactly("1");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldNotRunCallbacksAfterTheLockWasLost() throws Exception {
    write("V2__two.sql", Brake.SQL);
    write("afterMigrateError.sql", "CREATE TABLE seen (id int)");

    assertThat(migrateAndLoseTheLock()).hasMessageContaining(" was lost: ");

    assertThat(exists("seen")).isFalse();
    scene.probe().awaitNothingLeft();
  }

  /** Flyway would tell of a failing callback only. */
  @Test
  void shouldRatherSayWhyAMigrationFailedThanStopTheCallbacksAfterIt() throws Exception {
    writeNonTransactional("V2__two.sql", FAILING_AT_BRAKE);
    write("afterMigrateError.sql", "CREATE TABLE seen (id int)");

    assertThat(migrateAndLoseTheLock()).hasMessageContaining("division by zero");

    assertThat(transcript.toString())
        .contains(
            "Callbacks after the failure go on without the advisory lock: The advisory lock ");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWorkUnderTheLockOutsideOfTransactions() throws Exception {
    writeNonTransactional("V2__two.sql", "CREATE TABLE seen AS " + WORKS);
    write("V3__three.sql", "INSERT INTO seen " + WORKS);

    configure().load().migrate();

    assertThat(scene.database().list("SELECT * FROM seen")).containsExactly("1", "1");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWorkUnderTheLockWhileItCleans() {
    configure().load().migrate();
    List<String> seen = new java.util.ArrayList<>();

    configure()
        .callbacks(
            new FlywayCallback(
                "BEFORE_CLEAN",
                () ->
                    scene.probe().holders(LockKey.MIGRATION.forWork().value()).stream()
                        .map(lock -> lock.application())
                        .forEach(seen::add)))
        .load()
        .clean();

    assertThat(seen).containsExactly("flyway");
    scene.probe().awaitNothingLeft();
  }

  /** Migrations and callbacks, in transactions and not. */
  @Test
  void shouldLeaveTheConnectionsOfAPoolAsTheyWere() throws Exception {
    String setting = "SELECT current_setting('client_connection_check_interval')";
    write("V2__two.sql", "CREATE TABLE seen AS " + setting);
    writeNonTransactional("V3__three.sql", "INSERT INTO seen " + setting);
    write("afterMigrate.sql", "INSERT INTO seen " + setting);
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(3);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      configure().dataSource(pool).load().migrate();

      assertThat(scene.database().list("SELECT * FROM seen")).containsExactly("1s", "1s", "1s");
      scene
          .probe()
          .awaitUntil(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0, "all are back");
      try (Connection one = pool.getConnection();
          Connection two = pool.getConnection();
          Connection three = pool.getConnection()) {
        for (Connection connection : List.of(one, two, three)) {
          try (Statement statement = connection.createStatement();
              var row = statement.executeQuery(setting)) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("0");
          }
        }
      }
      assertThat(scene.probe().advisoryLocks()).isEmpty();
    }
  }

  /** A failing callback leaves its connection to the pool without a word to anybody. */
  @Test
  void shouldNotLeaveAWorkLockInAPool() throws Exception {
    write("afterMigrate.sql", "SELECT 1 / 0");
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(3);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      assertThat(catchThrowable(configure().dataSource(pool).load()::migrate)).isNotNull();

      scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        assertThat(statement.execute("SELECT 1")).isTrue();
      }
    }
  }

  /** DBCP2 opens a connection for one that is returned dead, and keeps it if it is closed then. */
  @Test
  void shouldHaveReturnedItsDeadConnectionWhenItFails() throws Exception {
    write(
        "V2__end_the_holder.sql",
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND application_name LIKE 'flyway holds %'");
    BasicDataSource pool = new BasicDataSource();
    SlowDriver driver = new SlowDriver(pool);
    try (pool) {
      pool.setDriver(driver);
      pool.setUrl(scene.database().url("pooled"));
      pool.setUsername(scene.database().user());
      pool.setPassword(scene.database().password());
      assertThat(catchThrowable(configure().dataSource(pool).load()::migrate))
          .hasMessageContaining("was lost");
    }
    scene.probe().awaitNothingLeft();
    assertThat(driver.opened).allMatch(SlowDriver::isClosed);
  }

  /** Leaves time to close a pool while it opens a connection. */
  private static final class SlowDriver extends Driver {
    /** The driver closes a connection that is not referenced. */
    private final List<Connection> opened = new CopyOnWriteArrayList<>();

    private final BasicDataSource pool;

    SlowDriver(BasicDataSource pool) {
      this.pool = pool;
    }

    @Override
    public Connection connect(String url, Properties properties) throws SQLException {
      Connection connection = super.connect(url, properties);
      opened.add(connection);
      Await.within(Duration.ofMillis(500), pool::isClosed);
      return connection;
    }

    private static boolean isClosed(Connection connection) {
      try {
        return connection.isClosed();
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }
  }
}
