package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows on the tools as they come that the harness sees, starts, stops and reports. */
class HarnessIT {

  /** A replica that is not frozen has taken its next step long before. */
  private static final Duration LONG_FOR_A_STEP = Duration.ofMillis(300);

  @RegisterExtension final Scene scene = new Scene();

  private static Migrations orders() {
    return new Migrations()
        .versioned(
            "1",
            "create orders",
            "CREATE TABLE orders (id bigint PRIMARY KEY, note text)",
            """
            CREATE FUNCTION note() RETURNS text LANGUAGE plpgsql AS $$
            BEGIN -- with ; and a comment
              RETURN 'a;b';
            END $$""",
            "INSERT INTO orders VALUES (1, note())")
        .rollback("DROP TABLE orders; DROP FUNCTION note()")
        .nonTransactional(
            "2", "index orders", "CREATE INDEX CONCURRENTLY orders_note ON orders (note)")
        .rollback("DROP INDEX orders_note")
        .everyRun(
            "count runs",
            "CREATE TABLE IF NOT EXISTS runs (at timestamptz)",
            "DO $$ BEGIN INSERT INTO runs VALUES (now()); END $$");
  }

  /**
   * Stock tools, but for the one setting without which stock Flyway blocks its own index, and the
   * one that keeps stock Liquibase from waiting for longer than others need.
   */
  private Rollout stock(Tool tool, Migrations migrations) {
    Rollout stock = Rollout.stock(tool, scene.database(), migrations);
    return tool == Tool.FLYWAY
        ? stock.setting("flyway.postgresql.transactional.lock", "false")
        : stock.setting("liquibase.changelogLockPollRate", "1"); // instead of 10 s
  }

  @Test
  void shouldDropDatabaseAndItsRoles() {
    String names;
    try (Database other = Server.get().freshDatabase()) {
      Login login = other.createLogin("GRANT CREATE ON SCHEMA public TO :role");
      try (Connection connection = other.connect(login);
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE mine (id int)");
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
      names = "('%s', '%s')".formatted(other.name(), login.user());
    }

    assertThat(scene.database().count("SELECT count(*) FROM pg_database WHERE datname IN " + names))
        .isZero();
    assertThat(scene.database().count("SELECT count(*) FROM pg_roles WHERE rolname IN " + names))
        .isZero();
  }

  @Test
  void shouldRefuseWrongPassword() {
    assertThatThrownBy(() -> scene.database().connect(new Login(scene.database().user(), "wrong")))
        .hasRootCauseInstanceOf(SQLException.class)
        .hasMessageContaining("password authentication failed");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 4711, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldSeeAdvisoryLockUnderItsKey(long key) throws SQLException {
    try (Connection connection = scene.database().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(%d)".formatted(key));

      assertThat(scene.probe().holders(key))
          .singleElement()
          .returns(true, AdvisoryLockRow::exclusive)
          .returns(Database.HARNESS, AdvisoryLockRow::application);
    }
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldMigrateWithStockTool(Tool tool) {
    Rollout rollout = stock(tool, orders());
    Replica first = scene.replicas().start(rollout).go();
    assertThat(first.outcome()).returns(true, Outcome::ok);
    scene.replicas().start(2, rollout);

    List<Outcome> outcomes = scene.replicas().go().outcomes();

    assertThat(outcomes).allMatch(Outcome::ok, "ok");
    assertThat(outcomes)
        .extracting(Outcome::applied)
        .containsExactly(List.of("1", "2"), List.of(), List.of());
    assertThat(scene.database().list("SELECT note FROM orders")).containsExactly("a;b");
    assertThat(scene.database().count("SELECT count(*) FROM runs")).isEqualTo(3);
    assertThat(first.log("INFO")).isNotEmpty();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldLetStockFlywayReplicasRaceOnAnEmptyDatabase() {
    Migrations migrations = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    scene.replicas().start(3, Rollout.stock(Tool.FLYWAY, scene.database(), migrations));

    List<Outcome> outcomes = scene.replicas().go().outcomes();

    // Whether those that come second fail over its history table is up to Flyway, and to chance.
    assertThat(outcomes).hasSize(3).anyMatch(Outcome::ok, "ok");
    assertThat(outcomes).flatExtracting(Outcome::applied).containsExactly("1");
    assertThat(outcomes).allMatch(outcome -> outcome.ok() == outcome.message().isEmpty());
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldReportFailureWithSqlState(Tool tool) {
    Migrations migrations = new Migrations().versioned("1", "broken", "SELECT 1 / 0");
    Replica replica = scene.replicas().start(stock(tool, migrations)).go();

    assertThat(replica.outcome())
        .returns(false, Outcome::ok)
        .returns("22012", Outcome::sqlState)
        .extracting(Outcome::message)
        .asString()
        .contains("division by zero");
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldKillReplicaInMidMigration(Tool tool) {
    Migrations migrations = new Migrations().versioned("1", "stop", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica = scene.replicas().start(stock(tool, migrations)).go();
      brake.awaitStopped();
      assertThat(scene.probe().sessions())
          .extracting(Session::application)
          .contains(replica.name());

      replica.kill();

      assertThat(replica.isAlive()).isFalse();
      assertThat(brake.stopped()).as("orphaned statement").isEqualTo(1);
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldSeeSnapshotOfStockFlywayLock() {
    Migrations migrations = new Migrations().versioned("1", "stop", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica =
          scene.replicas().start(Rollout.stock(Tool.FLYWAY, scene.database(), migrations)).go();
      brake.awaitStopped();

      AdvisoryLockRow lock = scene.probe().advisoryLocks().get(0);
      assertThat(scene.probe().sessions())
          .filteredOn(session -> session.pid() == lock.pid())
          .singleElement()
          .returns(true, Session::snapshot)
          .returns("idle in transaction", Session::state);

      brake.release();
      assertThat(replica.outcome()).returns(true, Outcome::ok);
    }
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldFreezeReplica(Tool tool) {
    Migrations migrations = new Migrations().versioned("1", "stop", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica = scene.replicas().start(stock(tool, migrations)).go();
      brake.awaitStopped();
      replica.signal("STOP");
      brake.release();
      scene.probe().awaitUntil(() -> isAnswered(Brake.SQL), "the replica could go on");

      assertThat(Await.within(LONG_FOR_A_STEP, () -> !isAnswered(Brake.SQL))).isFalse();
      assertThat(replica.isDone()).isFalse();

      replica.signal("CONT");
      assertThat(replica.outcome()).returns(true, Outcome::ok);
      replica.exit();
      assertThat(replica.isAlive()).isFalse();
    }
  }

  /** Whether a session has its answer to this statement, and has said nothing since. */
  private boolean isAnswered(String statement) {
    return scene.probe().sessions().stream()
        .anyMatch(
            session ->
                session.query().contains(statement)
                    && session.waitEvent().equals("Client:ClientRead"));
  }

  /** Liquibase, as it comes, goes on waiting. */
  @Test
  void shouldInterruptReplica() {
    Rollout rollout = stock(Tool.FLYWAY, new Migrations().versioned("1", "stop", Brake.SQL));
    try (Brake brake = Brake.on(scene.database())) {
      scene.replicas().start(rollout).go();
      brake.awaitStopped();
      Replica waiter = scene.replicas().start(rollout).go();
      scene
          .probe()
          .awaitUntil(
              () ->
                  scene.probe().sessions().stream()
                      .filter(session -> session.application().equals(waiter.name()))
                      .anyMatch(session -> session.query().contains("pg_try_advisory_lock")),
              "it waits for Flyway's own lock");

      waiter.interrupt();

      assertThat(waiter.outcome())
          .returns(false, Outcome::ok)
          .extracting(Outcome::message)
          .asString()
          .contains("Interrupted while attempting to acquire");
    }
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldUsePoolSchemaAndHistoryTable(Tool tool) {
    scene.database().execute("CREATE SCHEMA app");
    Login login = scene.database().createLogin("GRANT ALL ON SCHEMA app TO :role");
    Rollout rollout =
        stock(tool, orders()).login(login).pool(3).schema("app").historyTable("history");
    Replica replica = scene.replicas().start(rollout).go();

    assertThat(replica.outcome()).returns(true, Outcome::ok).returns(0, Outcome::borrowed);

    assertThat(scene.database().count("SELECT count(*) FROM app.history"))
        .isGreaterThanOrEqualTo(2);
    assertThat(scene.database().list("SELECT note FROM app.orders")).containsExactly("a;b");
    assertThat(scene.probe().sessions())
        .isNotEmpty()
        .allMatch(session -> session.user().equals(login.user()));
    replica.exit();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldRollBackWithLiquibase() {
    Rollout rollout = stock(Tool.LIQUIBASE, orders());
    assertThat(scene.replicas().start(rollout).go().outcome()).returns(true, Outcome::ok);

    // The change that every run makes is the newest, so two take the index back.
    Replica replica =
        scene.replicas().start(rollout.command("rollbackCount").argument("count", "2")).go();

    assertThat(replica.outcome()).returns(List.of("count_runs", "2"), Outcome::applied);

    assertThat(scene.database().list("SELECT to_regclass('orders_note')")).containsExactly("null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "changelogSync",
        "clearChecksums",
        "dropAll",
        "listLocks",
        "releaseLocks",
        "status",
        "updateSql",
        "updateTestingRollback",
        "validate"
      })
  void shouldRunOtherLiquibaseCommands(String command) {
    Replica replica = scene.replicas().start(stock(Tool.LIQUIBASE, orders()).command(command)).go();

    assertThat(replica.outcome()).returns(true, Outcome::ok);
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline", "clean", "info", "repair"})
  void shouldRunOtherFlywayCommands(String command) {
    Rollout rollout =
        stock(Tool.FLYWAY, orders()).command(command).setting("flyway.cleanDisabled", "false");
    Replica replica = scene.replicas().start(rollout).go();

    assertThat(replica.outcome()).returns(true, Outcome::ok);
  }
}
