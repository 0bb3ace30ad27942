package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.it.PgBouncer.Mode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Behind PgBouncer. The runs go through it; the harness looks from a direct connection, so that
 * what it sees is what the server has.
 */
class PoolerIT {

  private static final int RUNNERS = 8;

  /** {@code -Dpooler.rounds=50} looks longer. */
  private static final int ROUNDS = Integer.getInteger("pooler.rounds", 10);

  /** Of each client, in the controls. */
  private static final int ENTRIES = 50;

  /** A run of Flyway has up to three connections, and its lock has one. */
  private static final int CONNECTIONS_OF_A_RUN = 4;

  private static final String CREATE_INDEX = "CREATE INDEX CONCURRENTLY big_id ON harness.big (id)";

  private static final List<String> SESSION_LEVEL = List.of("idle, no snapshot");
  private static final List<String> TRANSACTION_LEVEL = List.of("idle in transaction, no snapshot");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  /** In session pooling every client keeps its server session, in transaction pooling few do. */
  private PgBouncer startPooler(Mode mode) {
    return scene.startPooler(
        mode, mode == Mode.SESSION ? RUNNERS * CONNECTIONS_OF_A_RUN : CONNECTIONS_OF_A_RUN + 1);
  }

  private Runners runners(Tool tool, String url) {
    return new Runners(tool, url, scene.database().owner(), folder)
        .with("timeout", "50s")
        .with("backoff", "10ms")
        .with("backoffStep", "10ms")
        .with("maxBackoff", "50ms");
  }

  private Runners runners(Tool tool, Mode mode) {
    return runners(tool, startPooler(mode).url(scene.database()));
  }

  // Why session-level locks are refused there

  @Test
  void control_shouldOverlapAndLeaveSessionLevelLocksBehindInTransactionPooling() throws Exception {
    Work work = Work.recordIn(scene.database());
    String url = startPooler(Mode.TRANSACTION).url(scene.database());

    for (int round = 1; round <= ROUNDS && !isSeen(work); round++) {
      enterUnderSessionLevelLocks(url);
      assertThat(work.ended()).isEqualTo((long) round * RUNNERS * ENTRIES);
    }

    assertThat(work.overlaps()).isNotEmpty();
    assertThat(scene.probe().advisoryLocks()).isNotEmpty();
  }

  /** What {@code pooling=session} relies upon. */
  @Test
  void control_shouldKeepSessionLevelLocksApartInSessionPooling() throws Exception {
    Work work = Work.recordIn(scene.database());

    enterUnderSessionLevelLocks(startPooler(Mode.SESSION).url(scene.database()));

    assertThat(work.ended()).isEqualTo(RUNNERS * ENTRIES);
    assertThat(work.overlaps()).isEmpty();
    assertNoLockIsLeft();
  }

  private boolean isSeen(Work work) {
    return !work.overlaps().isEmpty() && !scene.probe().advisoryLocks().isEmpty();
  }

  private void enterUnderSessionLevelLocks(String url) throws Exception {
    atOnce(client -> enter(url, client));
  }

  private void enter(String url, int client) throws SQLException {
    Login login = scene.database().owner();
    try (Connection connection = DriverManager.getConnection(url, login.user(), login.password());
        Statement statement = connection.createStatement()) {
      for (int entry = 0; entry < ENTRIES; entry++) {
        while (!isTrue(statement, "SELECT pg_try_advisory_lock(1)")) {
          Thread.onSpinWait();
        }
        statement.execute(Work.begin("" + client));
        statement.execute(Work.end("" + client));
        isTrue(statement, "SELECT pg_advisory_unlock(1)");
      }
    }
  }

  private static boolean isTrue(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getBoolean(1);
    }
  }

  // The lock itself

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldLetNobodyInBetweenWithoutSettingsOfTheDriver(Mode mode) throws Exception {
    Work work = Work.recordIn(scene.database());
    LockStage stage = new LockStage(scene);
    PgBouncer pooler = startPooler(mode);
    atOnce(
        client -> {
          AdvisoryLock lock = stage.lock(LockStage.BUSY);
          LockSession session =
              LockSession.dedicated(
                  () ->
                      DriverManager.getConnection(
                          pooler.urlWithoutSettings(scene.database()),
                          scene.database().user(),
                          scene.database().password()),
                  LockStage.NAME);
          for (int round = 0; round < ROUNDS; round++) {
            try (HeldLock held = lock.acquire(session)) {
              scene.database().execute(Work.begin("" + client));
              scene.database().execute(Work.end("" + client));
              assertThat(held).isNotNull();
            }
          }
        });

    assertThat(work.ended()).isEqualTo(RUNNERS * ROUNDS);
    assertThat(work.overlaps()).isEmpty();
    assertNoLockIsLeft();
  }

  /** Runs something for each of the clients, numbered from 1, and waits for all. */
  private static void atOnce(Client task) throws InterruptedException {
    List<LiquibaseThread> threads = new ArrayList<>();
    for (int client = 1; client <= RUNNERS; client++) {
      int number = client;
      threads.add(LiquibaseThread.start(() -> task.run(number)));
    }
    for (LiquibaseThread thread : threads) {
      thread.finish();
    }
  }

  private interface Client {
    void run(int number) throws Exception;
  }

  // Rounds of runs

  @ParameterizedTest
  @EnumSource(Mode.class)
  void control_shouldOverlapWithoutTheLock(Mode mode) throws Exception {
    Work work = Work.recordIn(scene.database());
    // Here the waiting runs of stock Flyway hold transactions, and with them server sessions.
    PgBouncer pooler = scene.startPooler(mode, RUNNERS * CONNECTIONS_OF_A_RUN);
    try (Runners runners =
        runners(Tool.FLYWAY, pooler.url(scene.database())).with("active", "false")) {
      scene.database().execute("CREATE TABLE harness.applied (round int)");
      for (int round = 1; round <= ROUNDS && work.overlaps().isEmpty(); round++) {
        int last = round;
        runners.start(RUNNERS, runner -> rounds(runner, last));
        assertThat(runners.failures()).as("at least one works").hasSizeLessThan(RUNNERS);
      }
    }

    assertThat(work.overlaps()).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldKeepFlywaysRunsApartWithoutSettings(Mode mode) throws Exception {
    assertRunsAreKeptApart(runners(Tool.FLYWAY, mode));
  }

  @ParameterizedTest
  @CsvSource({
    "FLYWAY, SESSION",
    "FLYWAY, TRANSACTION",
    "LIQUIBASE, SESSION",
    "LIQUIBASE, TRANSACTION"
  })
  void shouldKeepRunsApartWithALockPastThePooler(Tool tool, Mode mode) throws Exception {
    assertRunsAreKeptApart(runners(tool, mode).withLockOn(scene.database()));
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldKeepRunsApartWhenToldThatThePoolerPinsSessions(Tool tool) throws Exception {
    assertRunsAreKeptApart(runners(tool, Mode.SESSION).with("pooling", "session"));
  }

  private void assertRunsAreKeptApart(Runners closed) throws Exception {
    Work work = Work.recordIn(scene.database());
    scene.database().execute("CREATE TABLE harness.applied (round int)");
    try (Runners runners = closed) {
      for (int round = 1; round <= ROUNDS; round++) {
        int last = round;
        runners.start(RUNNERS, runner -> rounds(runner, last));

        assertThat(runners.failures()).as("round %d", round).isEmpty();
        assertThat(work.overlaps()).as("round %d", round).isEmpty();
        assertNoLockIsLeft();
      }
    }
    assertThat(work.ended()).as("each run, and each round").isEqualTo((RUNNERS + 1) * ROUNDS);
    assertThat(scene.database().list("SELECT round FROM harness.applied ORDER BY round"))
        .hasSize(ROUNDS)
        .doesNotHaveDuplicates();
  }

  /** One new migration a round, and work of every run over several transactions. */
  private static Migrations rounds(int runner, int rounds) {
    Migrations migrations = new Migrations();
    for (int round = 1; round <= rounds; round++) {
      migrations.versioned(
          "" + round,
          "round",
          Work.BEGIN,
          "INSERT INTO harness.applied VALUES (%d)".formatted(round),
          Work.END);
    }
    return migrations
        .everyRun("always 1 begin", Work.begin("" + runner))
        .everyRun("always 2 work", "SELECT pg_sleep(0.01)")
        .everyRun("always 3 end", Work.end("" + runner));
  }

  /** A pooler may close a server session a moment after its client. */
  private void assertNoLockIsLeft() {
    scene
        .probe()
        .awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "no advisory lock is left");
  }

  // CREATE INDEX CONCURRENTLY

  @ParameterizedTest
  @CsvSource({
    "FLYWAY, SESSION",
    "FLYWAY, TRANSACTION",
    "LIQUIBASE, SESSION",
    "LIQUIBASE, TRANSACTION"
  })
  void shouldCreateIndexConcurrentlyWithALockPastThePooler(Tool tool, Mode mode) throws Exception {
    Runners runners = runners(tool, mode).withLockOn(scene.database());

    assertIndexIsCreatedWhileOthersWait(runners, () -> waiting(tool) == RUNNERS);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldCreateIndexConcurrentlyUnderALockOfFlywayBehindThePooler(Mode mode) throws Exception {
    PgBouncer pooler = startPooler(mode);
    Runners runners = runners(Tool.FLYWAY, pooler.url(scene.database()));

    // Few server sessions show few waiters: a connection for each of them and one for its lock.
    assertIndexIsCreatedWhileOthersWait(runners, () -> pooler.logins() >= 2 * (1 + RUNNERS));
  }

  private void assertIndexIsCreatedWhileOthersWait(Runners closed, BooleanSupplier othersWait)
      throws Exception {
    limitStatements();
    Migrations migrations =
        new Migrations()
            .versioned(
                "1", "create", "CREATE TABLE harness.big AS SELECT generate_series(1, 10000) AS id")
            .versioned("2", "stop", Brake.SQL)
            .nonTransactional("3", "index", CREATE_INDEX);
    try (Runners runners = closed;
        Brake brake = Brake.on(scene.database())) {
      runners.start(1, migrations);
      brake.awaitStopped();
      runners.start(RUNNERS, migrations);
      scene.probe().awaitUntil(othersWait, "the others wait");

      brake.release();

      assertThat(runners.failures()).isEmpty();
    }
    assertThat(
            scene.database().count(MigrationLockContract.VALID_INDEXES.formatted("harness.big_id")))
        .isEqualTo(1);
    assertNoLockIsLeft();
  }

  /** Makes what would hang fail, in every session from now on, whoever pools it. */
  private void limitStatements() {
    scene
        .database()
        .execute(
            "ALTER DATABASE %s SET statement_timeout = '20s'".formatted(scene.database().name()));
  }

  private long waiting(Tool tool) {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().startsWith(tool.sessions() + " waits for "))
        .count();
  }

  // What a run cannot do there

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldTellLiquibaseTheWaysOut(Mode mode) throws Exception {
    try (Runners runners = runners(Tool.LIQUIBASE, mode)) {
      runners.start(1, new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));

      assertThat(runners.failures())
          .singleElement()
          .asString()
          .contains("There is no advisory lock")
          .containsPattern("\\burl\\b")
          .contains("pooling=session");
    }

    assertThat(scene.database().list(LocalLiquibaseScene.TABLES)).isEmpty();
    assertNoLockIsLeft();
  }

  /**
   * So does each pooler that does not know the names of our functions, whatever its mode is called.
   */
  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldRefuseALockThatThePoolerDoesNotKeepThoughToldThatItDoes(Tool tool) throws Exception {
    String pooled = startPooler(Mode.TRANSACTION).url(scene.database());
    try (Runners runners = runners(tool, scene.database().url())) {
      runners
          .withLockOn(scene.database())
          .with("url", pooled)
          .with("pooling", "session")
          .start(1, new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));

      assertThat(runners.failures())
          .singleElement()
          .asString()
          .contains("does not keep the session of this connection")
          .containsPattern("\\burl\\b");
    }

    assertThat(scene.database().list(LocalLiquibaseScene.TABLES)).isEmpty();
    assertNoLockIsLeft();
  }

  // Which kind of lock it is

  @Test
  void shouldHoldASessionLevelLockOnADirectConnection() throws Exception {
    assertThat(holder(runners(Tool.FLYWAY, scene.database().url()))).isEqualTo(SESSION_LEVEL);
  }

  @Test
  void shouldHoldATransactionLevelLockOnADirectConnectionWhenToldSo() throws Exception {
    Runners runners = runners(Tool.FLYWAY, scene.database().url()).with("pooling", "transaction");

    assertThat(holder(runners)).isEqualTo(TRANSACTION_LEVEL);
  }

  @Test
  void shouldHoldASessionLevelLockWhenToldThatThePoolerPinsSessions() throws Exception {
    Runners runners = runners(Tool.FLYWAY, Mode.SESSION).with("pooling", "session");

    assertThat(holder(runners)).isEqualTo(SESSION_LEVEL);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldHoldATransactionLevelLockBehindThePooler(Mode mode) throws Exception {
    assertThat(holder(runners(Tool.FLYWAY, mode))).isEqualTo(TRANSACTION_LEVEL);
  }

  /**
   * How the sessions look that hold the lock when the migrations are done, while somebody else
   * creates an index concurrently, which waits for whoever has a snapshot.
   */
  private List<String> holder(Runners closed) throws Exception {
    scene
        .database()
        .execute(
            "CREATE SCHEMA harness",
            "CREATE TABLE harness.big AS SELECT generate_series(1, 10000) AS id");
    limitStatements();
    List<String> seen = new CopyOnWriteArrayList<>();
    try (Runners runners = closed) {
      runners.with(
          FlywayCallback.outsideTransactions(
              "AFTER_MIGRATE",
              () -> {
                createIndexConcurrently();
                seen.addAll(holders());
              }));
      runners.start(1, new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
      assertThat(runners.failures()).isEmpty();
    }
    assertNoLockIsLeft();
    return seen;
  }

  private void createIndexConcurrently() {
    try (Connection elsewhere = scene.database().connect();
        Statement statement = elsewhere.createStatement()) {
      statement.execute(CREATE_INDEX);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> holders() {
    List<Integer> pids =
        scene.probe().holders(LockKey.MIGRATION.value()).stream().map(lock -> lock.pid()).toList();
    return scene.probe().resting(session -> pids.contains(session.pid())).stream()
        .map(session -> session.state() + (session.snapshot() ? ", snapshot" : ", no snapshot"))
        .toList();
  }
}
