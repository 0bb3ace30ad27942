package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.it.PgBouncer.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
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
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code migrationLockTimeout} and {@code migrationStatementTimeout} do to Flyway. */
@Timeout(60) // a migration without its timeout would stand at the brake for ever
class FlywayTimeoutsIT {

  private static final String SHORT = "600ms";

  /** Enough for a look that sees who is in the way to come in time on a busy machine, too. */
  private static final String SEEN_FOR_CERTAIN = "3s";

  private static final String SEEN =
      "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') AS t";

  private static final String HISTORY =
      "SELECT version || ' ' || success FROM flyway_schema_history ORDER BY installed_rank";

  /** Rows that wait for longer than the timeout to be inserted. */
  private static final String KEPT_OUT = waitingTooLong("INSERT INTO %");

  /** Whether Flyway tells callbacks why a statement failed; it came along with this interface. */
  private static final boolean TELLS_OF_ERRORS =
      isThere("org.flywaydb.core.extensibility.ErrorOverridesSupport");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final Transcript transcript = new Transcript();

  private static String waitingTooLong(String statement) {
    return ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flyway'"
            + " AND query LIKE '%s' AND wait_event_type = 'Lock'"
            + " AND clock_timestamp() - query_start > interval '1500ms'")
        .formatted(statement);
  }

  private static boolean isThere(String type) {
    try {
      Class.forName(type);
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  @BeforeEach
  void prepare() throws IOException {
    transcript.listenToFlyway();
    write("V1__one.sql", "CREATE TABLE one (id int)");
  }

  private void write(String file, String... statements) throws IOException {
    Files.writeString(folder.resolve(file), String.join(";\n", statements) + ";");
  }

  private void write(String file, boolean inTransaction, String... statements) throws IOException {
    write(file, statements);
    if (!inTransaction) {
      Files.writeString(folder.resolve(file + ".conf"), "executeInTransaction=false");
    }
  }

  private FluentConfiguration configure(String... settings) {
    return configure(scene.database().url("flyway"), scene.database().owner(), settings);
  }

  private FluentConfiguration configure(String url, Login login, String... settings) {
    FluentConfiguration flyway =
        Flyway.configure()
            .loggers(Transcript.ForFlyway.class.getName())
            .dataSource(url, login.user(), login.password())
            .locations("filesystem:" + folder);
    for (int i = 0; i < settings.length; i += 2) {
      flyway.configuration(Map.of("flyway.advisoryLock." + settings[i], settings[i + 1]));
    }
    return flyway;
  }

  /** Migrates in vain while somebody stands in the way. */
  private String failureAtBrake(FluentConfiguration flyway) {
    return ReplicaMain.messages(catchThrowable(flyway.load()::migrate));
  }

  private List<String> seen() {
    return scene.database().list("SELECT t FROM seen");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNameWhoIsInTheWayOfAMigration(boolean inTransaction) throws Exception {
    write("V2__two.sql", inTransaction, Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      String failure = failureAtBrake(configure("migrationLockTimeout", SEEN_FOR_CERTAIN));

      assertThat(transcript.toString())
          .contains("The work under the advisory lock migration (-8472138601791040455) (pid ")
          .contains(": " + Brake.SQL + ") waits for " + brake.description())
          .contains(", last: " + Brake.LOCK)
          .contains("select pg_catalog.pg_terminate_backend(%d);".formatted(brake.pid()));
      if (TELLS_OF_ERRORS) {
        assertThat(failure)
            .contains("V2__two.sql failed in: " + Brake.SQL)
            .contains("The server says: ERROR: canceling statement due to lock timeout")
            .contains("[SQLSTATE 55P03]. migrationLockTimeout is 3.0 s. It waited for ")
            .contains("waited for " + brake.description())
            .contains(", idle in transaction for ")
            .contains(", last: " + Brake.LOCK)
            .contains(
                "To end it, if it is stuck: select pg_catalog.pg_terminate_backend(" + brake.pid());
        assertThat(transcript.toString()).doesNotContain("A moment before");
      } else {
        assertThat(failure).contains("V2__two.sql").contains("55P03");
        assertThat(transcript.toString())
            .contains(
                "V2__two.sql failed. migrationLockTimeout is 3.0 s. A moment before, it waited for "
                    + brake.description());
      }
    }
    assertThat(scene.database().list(HISTORY))
        .isEqualTo(inTransaction ? List.of("1 true") : List.of("1 true", "2 false"));
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldFailWithTheServersSqlState() throws Exception {
    write("V2__two.sql", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      Throwable failure = catchThrowable(configure("migrationLockTimeout", SHORT).load()::migrate);

      assertThat(brake.stopped()).isZero();
      assertThat(failure).isInstanceOf(FlywayException.class);
      assertThat(Throwables.find(failure, SQLException.class).getSQLState()).isEqualTo("55P03");
    }
  }

  @Test
  void shouldGoOnWhenNobodyIsInTheWayAnyMore() throws Exception {
    write("V2__two.sql", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      transcript.onCue(" waits for " + brake.description(), brake::release);

      // It is looked for three times in a timeout, the first time after a third of it.
      configure("migrationLockTimeout", "10s").load().migrate();

      assertThat(transcript.missedCues()).isEmpty();
    }
    assertThat(scene.database().list(HISTORY)).containsExactly("1 true", "2 true");
  }

  /** Of these, Flyway shows the failure to nobody before it reports it. */
  @ParameterizedTest
  @ValueSource(strings = {"beforeMigrate.sql", "afterMigrate.sql", "afterEachMigrate.sql"})
  void shouldNameWhoIsInTheWayOfACallbackInTheLog(String script) throws Exception {
    write(script, Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      assertThat(failureAtBrake(configure("migrationLockTimeout", SEEN_FOR_CERTAIN)))
          .contains("55P03");

      assertThat(transcript.toString()).contains(") waits for " + brake.description());
    }
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNameWhoIsInTheWayOfAMigrationInJavaInTheLog(boolean inTransaction) {
    try (Brake brake = Brake.on(scene.database())) {
      FluentConfiguration flyway =
          configure("migrationLockTimeout", SEEN_FOR_CERTAIN)
              .javaMigrations(new AtTheBrake(inTransaction));

      assertThat(failureAtBrake(flyway)).contains("canceling statement due to lock timeout");

      assertThat(transcript.toString())
          .contains(") waits for " + brake.description())
          .contains(" failed. migrationLockTimeout is 3.0 s. A moment before, it waited for ");
    }
  }

  private record AtTheBrake(boolean canExecuteInTransaction) implements JavaMigration {
    @Override
    public MigrationVersion getVersion() {
      return MigrationVersion.fromVersion("2");
    }

    @Override
    public String getDescription() {
      return "brake";
    }

    @Override
    public Integer getChecksum() {
      return 1;
    }

    @Override
    public void migrate(Context context) throws SQLException {
      try (Statement statement = context.getConnection().createStatement()) {
        statement.execute(Brake.SQL);
      }
    }
  }

  @Test
  void shouldNameASessionOfAnotherRoleAsFarAsItShows() throws Exception {
    write("V2__two.sql", Brake.SQL);
    Login login =
        scene
            .database()
            .createLogin(
                "GRANT CREATE ON SCHEMA public TO :role",
                "GRANT CREATE ON DATABASE %s TO :role".formatted(scene.database().name()));
    try (Brake brake = Brake.on(scene.database())) {
      FluentConfiguration flyway =
          configure(
              scene.database().url("flyway"), login, "migrationLockTimeout", SEEN_FOR_CERTAIN);

      assertThat(failureAtBrake(flyway)).contains("55P03");

      assertThat(transcript.toString())
          .contains(") waits for pid %d [harness]".formatted(brake.pid()))
          .doesNotContain(Brake.LOCK);
    }
  }

  /** No look falls into so short a wait for certain, but then locks tell. */
  @Test
  void shouldNameWhoHoldsTheTableWhereTheWaitIsTooShortToBeSeen() throws Exception {
    write("V2__two.sql", Brake.SQL);
    try (Brake brake = Brake.on(scene.database())) {
      String failure = failureAtBrake(configure("migrationLockTimeout", "1ms"));

      assertThat(failure).contains("55P03");
      if (TELLS_OF_ERRORS) {
        assertThat(failure)
            .contains(
                "Whom it waited for was not seen; locks on what it names are held by "
                    + brake.description())
            .contains(", last: " + Brake.LOCK);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNameTheTimeoutOfAStatement(boolean inTransaction) throws Exception {
    write("V2__two.sql", inTransaction, "SELECT pg_sleep(60)");

    String failure = failureAtBrake(configure("migrationStatementTimeout", "300ms"));

    assertThat(failure).contains("57014");
    if (TELLS_OF_ERRORS) {
      assertThat(failure)
          .contains("V2__two.sql failed in: SELECT pg_sleep(60)")
          .contains(
              "migrationStatementTimeout is 300 ms; if it took less, somebody has cancelled it");
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldHaveNothingToSayOfOtherFailures() throws Exception {
    write("V2__two.sql", "SELECT 1 / 0");

    assertThat(failureAtBrake(configure("migrationLockTimeout", SHORT)))
        .contains("22012")
        .doesNotContain("migrationLockTimeout");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "V2__two.sql",
        "R__two.sql",
        "beforeMigrate.sql",
        "beforeEachMigrate.sql",
        "afterVersioned.sql",
        "afterMigrate.sql"
      })
  void shouldBoundStatementsWhereverScriptsRun(String script) throws Exception {
    write(script, "DROP TABLE IF EXISTS seen", "CREATE TABLE seen AS " + SEEN);

    configure("migrationLockTimeout", "3s", "migrationStatementTimeout", "2m").load().migrate();

    assertThat(seen()).containsExactly("3s 2min");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldBoundWhatCleans() throws Exception {
    scene.database().execute("CREATE SCHEMA harness", "CREATE TABLE harness.seen (t text)");
    write("beforeClean.sql", "INSERT INTO harness.seen " + SEEN);

    configure("migrationLockTimeout", "3s").cleanDisabled(false).load().clean();

    assertThat(scene.database().list("SELECT t FROM harness.seen")).containsExactly("3s 0");
  }

  @Test
  void shouldBoundEachMigrationOfAGroup() throws Exception {
    write("V2__two.sql", "CREATE TABLE seen AS " + SEEN, "SET LOCAL lock_timeout = '7s'");
    write("V3__three.sql", "INSERT INTO seen " + SEEN);

    configure("migrationLockTimeout", "3s").group(true).load().migrate();

    assertThat(seen()).containsExactly("3s 0", "3s 0");
  }

  /** The documentation warns of it. */
  @Test
  void shouldNameWhoIsInTheWayOfAnIndexThatIsLeftInvalid() throws Exception {
    configure().load().migrate();
    write("V2__two.sql", false, "CREATE INDEX CONCURRENTLY one_id ON one (id)");
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("INSERT INTO one VALUES (1)");

      String failure = failureAtBrake(configure("migrationLockTimeout", SEEN_FOR_CERTAIN));

      assertThat(failure).contains("55P03");
      assertThat(transcript.toString())
          .contains("[harness]")
          .contains(", last: INSERT INTO one VALUES (1)");
    }
    assertThat(
            scene
                .database()
                .list("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_id'::regclass"))
        .containsExactly("f");
  }

  /** What the documentation advises. */
  @Test
  void shouldLetTheScriptOfAnIndexWaitForAsLongAsItTakes() throws Exception {
    configure().load().migrate();
    write(
        "V2__two.sql",
        false,
        "SET lock_timeout = 0",
        "SET statement_timeout = 0",
        "CREATE INDEX CONCURRENTLY one_id ON one (id)");
    Flyway flyway = configure("migrationLockTimeout", SHORT).load();
    CompletableFuture<Void> run;
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("INSERT INTO one VALUES (1)");
      run = CompletableFuture.runAsync(flyway::migrate);
      scene
          .probe()
          .awaitUntil(
              () -> scene.database().count(waitingTooLong("CREATE INDEX %")) == 1, "it waits on");
      other.commit();
    }
    run.get();

    assertThat(scene.database().list(HISTORY)).containsExactly("1 true", "2 true");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLetAScriptSetItsOwnTimeoutAndNoOther(boolean inTransaction) throws Exception {
    write("V2__two.sql", "CREATE TABLE seen (t text)");
    write("V3__three.sql", inTransaction, "SET lock_timeout = '7s'", "INSERT INTO seen " + SEEN);
    write("V4__four.sql", inTransaction, "INSERT INTO seen " + SEEN);

    configure("migrationLockTimeout", "3s").load().migrate();

    assertThat(seen()).containsExactly("7s 0", "3s 0");
  }

  @Test
  void shouldLeaveTheServersTimeoutsByDefault() throws Exception {
    setOnServer("11s", "50s");
    write("V2__two.sql", "CREATE TABLE seen AS " + SEEN);

    configure().load().migrate();

    assertThat(seen()).containsExactly("11s 50s");
    assertThat(transcript.toString()).doesNotContain("migrationLockTimeout");
  }

  @Test
  void shouldSwitchTheServersTimeoutsOff() throws Exception {
    setOnServer("11s", "50s");
    write("V2__two.sql", "CREATE TABLE seen AS " + SEEN);

    configure("migrationLockTimeout", "0", "migrationStatementTimeout", "0").load().migrate();

    assertThat(seen()).containsExactly("0 0");
  }

  private void setOnServer(String lockTimeout, String statementTimeout) {
    String alter = "ALTER DATABASE " + scene.database().name() + " SET ";
    scene
        .database()
        .execute(
            alter + "lock_timeout = '" + lockTimeout + "'",
            alter + "statement_timeout = '" + statementTimeout + "'");
  }

  /** Otherwise the next run would do again what this one did. */
  @Test
  void shouldRecordWhatIsDoneHoweverLongThatTakes() throws Exception {
    configure().load().migrate();
    write("V2__two.sql", false, "CREATE TABLE two (id int)");
    Flyway flyway = configure("migrationLockTimeout", SHORT).load();
    CompletableFuture<Void> run;
    try (Connection other = scene.database().connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE flyway_schema_history IN SHARE MODE");
      run = CompletableFuture.runAsync(flyway::migrate);
      scene
          .probe()
          .awaitUntil(
              () -> scene.database().count(KEPT_OUT) == 1, "the row is kept out for long enough");
      other.rollback();
    }
    run.get();

    assertThat(scene.database().list(HISTORY)).containsExactly("1 true", "2 true");
  }

  /** Flyway's two with its own lock at transaction level, one for callbacks, and the lock's. */
  private HikariDataSource pool() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(4);
    return new HikariDataSource(config);
  }

  private void assertAsTheyWere(HikariDataSource pool) throws SQLException {
    scene
        .probe()
        .awaitUntil(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0, "all are back");
    scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
    try (Connection one = pool.getConnection();
        Connection two = pool.getConnection();
        Connection three = pool.getConnection();
        Connection four = pool.getConnection()) {
      for (Connection connection : List.of(one, two, three, four)) {
        try (Statement statement = connection.createStatement();
            ResultSet row = statement.executeQuery(SEEN)) {
          row.next();
          assertThat(row.getString(1)).isEqualTo("0 0");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "keep"})
  void shouldLeaveTheConnectionsOfAPoolAsTheyWere(String nativeLock) throws Exception {
    write("V2__two.sql", "CREATE TABLE seen AS " + SEEN);
    write("V3__three.sql", false, "INSERT INTO seen " + SEEN);
    write("afterMigrate.sql", "INSERT INTO seen " + SEEN);
    try (HikariDataSource pool = pool()) {
      configure("migrationLockTimeout", "3s", "migrationStatementTimeout", "2m")
          .configuration(Map.of("flyway.advisoryLock.nativeLock", nativeLock))
          .dataSource(pool)
          .load()
          .migrate();

      assertThat(seen()).containsExactly("3s 2min", "3s 2min", "3s 2min");
      assertAsTheyWere(pool);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"V2__two.sql", "V2__nontransactional.sql", "afterMigrate.sql"})
  void shouldLeaveTheConnectionsOfAPoolAsTheyWereWhenARunFails(String script) throws Exception {
    write(script, !script.contains("non"), Brake.SQL);
    try (Brake brake = Brake.on(scene.database());
        HikariDataSource pool = pool()) {
      FluentConfiguration flyway = configure("migrationLockTimeout", SHORT).dataSource(pool);

      assertThat(failureAtBrake(flyway)).contains("55P03");

      assertThat(brake.stopped()).isZero();
      assertAsTheyWere(pool);
    }
  }

  @Test
  void shouldBoundTransactionsBehindAPooler() throws Exception {
    write("V2__two.sql", "CREATE TABLE seen AS " + SEEN);
    write("V3__three.sql", false, "INSERT INTO seen " + SEEN);
    write("V4__four.sql", Brake.SQL);
    PgBouncer pooler = scene.startPooler(Mode.TRANSACTION, 5);
    try (Brake brake = Brake.on(scene.database())) {
      FluentConfiguration flyway =
          configure(
              pooler.url(scene.database()),
              scene.database().owner(),
              "migrationLockTimeout",
              SHORT);

      String failure = failureAtBrake(flyway);

      assertThat(failure).contains("55P03");
      if (TELLS_OF_ERRORS) {
        assertThat(failure).contains("locks on what it names are held by " + brake.description());
      }
    }
    assertThat(seen()).containsExactly("600ms 0", "0 0");
    assertThat(transcript.toString())
        .containsOnlyOnce("do not reach what runs outside of Flyway's transactions");
    assertThat(settingsBehind(pooler)).containsOnly("0 0");
  }

  /** Whatever sessions of the server it hands out. */
  private List<String> settingsBehind(PgBouncer pooler) throws SQLException {
    List<String> settings = new ArrayList<>();
    Login login = scene.database().owner();
    for (int i = 0; i < 10; i++) {
      try (Connection connection =
              DriverManager.getConnection(
                  pooler.url(scene.database()), login.user(), login.password());
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(SEEN)) {
        row.next();
        settings.add(row.getString(1));
      }
    }
    return settings;
  }
}
