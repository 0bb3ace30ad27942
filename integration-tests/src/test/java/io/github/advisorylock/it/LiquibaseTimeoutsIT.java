package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.it.PgBouncer.Mode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code migrationLockTimeout} and {@code migrationStatementTimeout} do to Liquibase. */
@Timeout(60) // a change without its timeout would stand at the brake for ever
class LiquibaseTimeoutsIT extends LocalLiquibaseScene {

  private static final String LOCK_TIMEOUT = SETTINGS + "migrationLockTimeout";
  private static final String STATEMENT_TIMEOUT = SETTINGS + "migrationStatementTimeout";
  private static final String SHORT = "600ms";

  private static final String SEEN =
      "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') AS t";

  /** Rows that wait for longer than the timeout to be inserted. */
  private static final String KEPT_OUT =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO %'"
          + " AND wait_event_type = 'Lock'"
          + " AND clock_timestamp() - query_start > interval '1500ms'";

  private List<String> seen() {
    return scene.database().list("SELECT t FROM seen");
  }

  private static String settingsOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(SEEN)) {
      row.next();
      return row.getString(1);
    }
  }

  private static Migrations atTheBrake(boolean inTransaction) {
    return inTransaction
        ? new Migrations().versioned("1", "one", Brake.SQL)
        : new Migrations().nonTransactional("1", "one", Brake.SQL);
  }

  /** What Liquibase would show of it on a command line. */
  private static String failure(LocalLiquibase liquibase) {
    return ReplicaMain.messages(catchThrowable(liquibase::update));
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void shouldNameWhoIsInTheWayOfAChangeset(boolean inTransaction, boolean ownSession)
      throws Exception {
    write(atTheBrake(inTransaction));
    LocalLiquibase liquibase = liquibase().with(LOCK_TIMEOUT, "3s"); // so that it is seen
    try (Brake brake = Brake.on(scene.database())) {
      String failure = failure(ownSession ? withOwnLockSession(liquibase) : liquibase);

      assertThat(failure)
          .contains("Failed SQL: ")
          .contains("]. migrationLockTimeout is 3.0 s. ")
          .contains(
              (ownSession
                      ? "It waited for "
                      : "Whom it waited for was not seen; locks on what it names are held by ")
                  + brake.description())
          .contains(", idle in transaction for ")
          .contains(", last: " + Brake.LOCK)
          .contains(
              "To end it, if it is stuck: select pg_catalog.pg_terminate_backend(" + brake.pid());
      assertThat(liquibase.messages().contains(") waits for " + brake.description()))
          .isEqualTo(ownSession);
    }
    assertThat(scene.database().list(CHANGESETS)).isEmpty();
    assertThat(locks()).isEmpty();
    assertThat(settingsOf(liquibase.connection())).isEqualTo("0 0");
    liquibase.update();
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldNameWhoIsInTheWayOfARunWithinARun(boolean ownSession) throws Exception {
    writeOne();
    Path folderOfInner = folder.resolve("inner");
    new Migrations().versioned("2", "inner", Brake.SQL).writeTo(folderOfInner, Tool.LIQUIBASE);
    LocalLiquibase liquibase = liquibase().with(LOCK_TIMEOUT, SHORT);
    LocalLiquibase outer = ownSession ? withOwnLockSession(liquibase) : liquibase;
    LocalLiquibase inner = liquibase(folderOfInner);
    try (Brake brake = Brake.on(scene.database())) {
      assertThat(catchThrowable(() -> outer.update(afterAChangeset(inner::update))))
          .hasStackTraceContaining("migrationLockTimeout is 600 ms. ")
          .hasStackTraceContaining(brake.description());
    }
    assertThat(locks()).isEmpty();
    assertThat(settingsOf(inner.connection())).isEqualTo("0 0");
  }

  @Test
  void shouldFailWithTheServersSqlState() throws Exception {
    write(atTheBrake(true));
    try (Brake brake = Brake.on(scene.database())) {
      Throwable failure = catchThrowable(liquibase().with(LOCK_TIMEOUT, SHORT)::update);

      assertThat(brake.stopped()).isZero();
      assertThat(Throwables.find(failure, SQLException.class).getSQLState()).isEqualTo("55P03");
    }
  }

  /** Liquibase keeps its executors, and asks for a new one after each command. */
  @Test
  void shouldNameWhoIsInTheWayOnAConnectionThatHasSeenRunsWithoutATimeout() throws Exception {
    write(new Migrations().versioned("0", "zero", "SELECT 1"));
    LocalLiquibase liquibase = liquibase();
    liquibase.update();
    write(atTheBrake(true));
    try (Brake brake = Brake.on(scene.database())) {
      assertThat(failure(liquibase.with(LOCK_TIMEOUT, SHORT))).contains(brake.description());
    }
  }

  @Test
  void shouldNameWhoIsInTheWayOfARollback() throws Exception {
    write(new Migrations().versioned("1", "one", "SELECT 1").rollback(Brake.SQL));
    LocalLiquibase liquibase = liquibase().with(LOCK_TIMEOUT, SHORT);
    try (Brake brake = Brake.on(scene.database())) {
      liquibase.update();

      assertThat(
              catchThrowable(
                  () ->
                      liquibase.run(
                          "rollbackCount",
                          Map.of("changelogFile", Migrations.CHANGELOG, "count", 1))))
          .hasStackTraceContaining("locks on what it names are held by " + brake.description());
    }
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
    assertThat(locks()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNameTheTimeoutOfAStatement(boolean ownSession) throws Exception {
    write(new Migrations().versioned("1", "one", "SELECT pg_sleep(60)"));
    LocalLiquibase liquibase = liquibase().with(STATEMENT_TIMEOUT, "300ms");

    assertThat(failure(ownSession ? withOwnLockSession(liquibase) : liquibase))
        .contains("Failed SQL: ")
        .contains(
            "]. migrationStatementTimeout is 300 ms; if it took less, somebody has cancelled it");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldHaveNothingToSayOfOtherFailures() throws Exception {
    write(new Migrations().versioned("1", "one", "SELECT 1 / 0"));

    assertThat(failure(liquibase().with(LOCK_TIMEOUT, SHORT)))
        .contains("division by zero")
        .doesNotContain("migrationLockTimeout");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldBoundStatementsInAndOutsideOfTransactions(boolean ownSession) throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen AS " + SEEN)
            .nonTransactional("2", "two", "INSERT INTO seen " + SEEN)
            .versioned("3", "three", "INSERT INTO seen " + SEEN));
    LocalLiquibase liquibase = liquibase().with(LOCK_TIMEOUT, "3s").with(STATEMENT_TIMEOUT, "2m");

    (ownSession ? withOwnLockSession(liquibase) : liquibase).update();

    assertThat(seen()).containsExactly("3s 2min", "3s 2min", "3s 2min");
    assertThat(settingsOf(liquibase.connection())).isEqualTo("0 0");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLetAChangesetSetItsOwnTimeoutAndNoOther(boolean ownSession) throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen (t text)")
            .versioned("2", "two", "SET lock_timeout = '7s'", "INSERT INTO seen " + SEEN)
            .versioned("3", "three", "INSERT INTO seen " + SEEN));
    LocalLiquibase liquibase = liquibase().with(LOCK_TIMEOUT, "3s");

    (ownSession ? withOwnLockSession(liquibase) : liquibase).update();

    assertThat(seen()).containsExactly("7s 0", "3s 0");
    assertThat(settingsOf(liquibase.connection())).isEqualTo("0 0");
  }

  @Test
  void shouldLeaveTheServersTimeoutsByDefault() throws Exception {
    String alter = "ALTER DATABASE " + scene.database().name() + " SET ";
    scene.database().execute(alter + "lock_timeout = '11s'", alter + "statement_timeout = '50s'");
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen AS " + SEEN)
            .versioned("2", "two", "INSERT INTO seen " + SEEN));

    liquibase().update();
    scene.database().execute("DELETE FROM databasechangelog WHERE id = '2'");
    LocalLiquibase unbounded = liquibase().with(LOCK_TIMEOUT, "0").with(STATEMENT_TIMEOUT, "0");
    unbounded.update();

    assertThat(seen()).containsExactly("11s 50s", "11s 50s", "0 0");
    assertThat(settingsOf(unbounded.connection())).isEqualTo("11s 50s");
  }

  @Test
  void shouldRecordWhatIsDoneHoweverLongThatTakes() throws Exception {
    assertRecordsHoweverLongThatTakes(liquibase());
  }

  @Test
  void shouldRecordWhatIsDoneHoweverLongThatTakesBehindAPooler() throws Exception {
    PgBouncer pooler = scene.startPooler(Mode.TRANSACTION, 5);
    try (LocalLiquibase liquibase = behind(pooler, folder)) {
      assertRecordsHoweverLongThatTakes(withOwnLockSession(liquibase));
    }
  }

  /** Otherwise the next run would do again what this one did. What comes next is bounded again. */
  private void assertRecordsHoweverLongThatTakes(LocalLiquibase liquibase) throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    liquibase().update();
    write(
        new Migrations()
            .versioned("2", "two", "CREATE TABLE seen AS " + SEEN)
            .versioned("3", "three", "INSERT INTO seen " + SEEN));
    LiquibaseThread run;
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE databasechangelog IN SHARE MODE");
      run = LiquibaseThread.start(liquibase.with(LOCK_TIMEOUT, SHORT)::update);
      scene
          .probe()
          .awaitUntil(
              () -> scene.database().count(KEPT_OUT) == 1, "the row is kept out for long enough");
      other.rollback();
    }
    run.finish();

    assertThat(scene.database().list(CHANGESETS)).containsExactly("1", "2", "3");
    assertThat(seen()).containsExactly("600ms 0", "600ms 0");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLeaveTheConnectionOfAPoolAsItWas(boolean fails) throws Exception {
    write(fails ? atTheBrake(true) : new Migrations().versioned("1", "one", "SELECT 1"));
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(1);
    try (Brake brake = Brake.on(scene.database());
        HikariDataSource pool = new HikariDataSource(config)) {
      try (LocalLiquibase liquibase = LocalLiquibase.on(pool.getConnection(), folder)) {
        String failure =
            failure(liquibase.with(LOCK_TIMEOUT, SHORT).with(STATEMENT_TIMEOUT, "50s"));

        assertThat(failure.contains(brake.description())).isEqualTo(fails);
      }

      try (Connection next = pool.getConnection()) {
        assertThat(settingsOf(next)).isEqualTo("0 0");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldBoundTransactionsBehindAPooler(boolean fails) throws Exception {
    Migrations migrations =
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen AS " + SEEN)
            .versioned("2", "two", "INSERT INTO seen " + SEEN);
    write(fails ? migrations.versioned("3", "three", Brake.SQL) : migrations);
    PgBouncer pooler = scene.startPooler(Mode.TRANSACTION, 5);
    try (Brake brake = Brake.on(scene.database());
        LocalLiquibase liquibase = behind(pooler, folder)) {
      String failure = failure(withOwnLockSession(liquibase).with(LOCK_TIMEOUT, SHORT));

      assertThat(failure.contains(brake.description())).isEqualTo(fails);
    }
    assertThat(seen()).containsExactly("600ms 0", "600ms 0");
    try (LocalLiquibase next = behind(pooler, folder)) {
      assertThat(settingsOf(next.connection())).isEqualTo("0 0");
    }
  }

  @Test
  void shouldLetAChangesetSetItsOwnTimeoutAndNoOtherBehindAPooler() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen (t text)")
            .versioned(
                "2",
                "two",
                "INSERT INTO seen " + SEEN,
                "SET LOCAL lock_timeout = '7s'",
                "INSERT INTO seen " + SEEN,
                "INSERT INTO seen " + SEEN)
            .versioned("3", "three", "INSERT INTO seen " + SEEN));
    PgBouncer pooler = scene.startPooler(Mode.TRANSACTION, 5);
    try (LocalLiquibase liquibase = behind(pooler, folder)) {
      withOwnLockSession(liquibase).with(LOCK_TIMEOUT, "3s").update();

      assertThat(seen()).containsExactly("3s 0", "7s 0", "7s 0", "3s 0");
      assertThat(settingsOf(liquibase.connection())).isEqualTo("0 0");
    }
  }

  private LocalLiquibase behind(PgBouncer pooler, Path changelogs) throws SQLException {
    Login login = scene.database().owner();
    return LocalLiquibase.on(
        DriverManager.getConnection(pooler.url(scene.database()), login.user(), login.password()),
        changelogs);
  }

  @Test
  void shouldShowItOnTheCommandLine() throws Exception {
    write(atTheBrake(true));
    try (Brake brake = Brake.on(scene.database());
        ChildProcess shell =
            LiquibaseShell.run(
                folder,
                scene.database(),
                scene.database().owner(),
                Map.of(),
                "--advisory-lock-migration-lock-timeout=600ms",
                "update")) {
      assertThat(shell.exitStatus()).isNotZero();
      assertThat(shell.output())
          .contains("locks on what it names are held by " + brake.description())
          .contains(", last: " + Brake.LOCK);
    }
  }
}
