package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.Work;
import io.github.advisorylock.it.CommandShell.Answer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Another role's operators on the search path do not run in statements of the lock, whose session
 * may have more privileges than that role.
 */
class SearchPathIT {
  private static final String DEFAULT = "\"$user\", public";
  private static final String PUBLIC_FIRST = "public, pg_catalog";

  private static final int WAITING = 3;
  private static final String SHORT = "1s";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;
  private IntruderOperators operators;
  private Login login;
  private Migrations migrations = new Migrations();
  private int versions;

  static Stream<Arguments> toolsAndPaths() {
    return Stream.of(Tool.values())
        .flatMap(tool -> Stream.of(Arguments.of(tool, DEFAULT), Arguments.of(tool, PUBLIC_FIRST)));
  }

  @BeforeEach
  void createOperators() {
    operators = IntruderOperators.in(scene.database());
    login =
        scene
            .database()
            .createLogin(
                "GRANT ALL ON SCHEMA public TO :role",
                "GRANT CREATE ON DATABASE %s TO :role".formatted(scene.database().name()));
  }

  private void searchPath(String path) {
    scene
        .database()
        .execute(
            "ALTER ROLE %s IN DATABASE %s SET search_path = %s"
                .formatted(login.user(), scene.database().name(), path));
  }

  /** Every migration so far, and one more, with these statements. */
  private Migrations oneMore(String... statements) {
    versions++;
    return migrations.versioned(Integer.toString(versions), "t" + versions, statements);
  }

  private List<Outcome> run(int count, Rollout rollout) {
    List<Replica> replicas = scene.replicas().start(count, rollout);
    replicas.forEach(Replica::go);
    List<Outcome> outcomes = replicas.stream().map(Replica::outcome).toList();
    replicas.forEach(Replica::close);
    return outcomes;
  }

  private static void assertAllOk(List<Outcome> outcomes) {
    assertThat(outcomes).allMatch(Outcome::ok);
  }

  private static void assertTimedOut(List<Outcome> outcomes) {
    assertThat(outcomes)
        .singleElement()
        .returns(false, Outcome::ok)
        .satisfies(outcome -> assertThat(outcome.message()).contains("pg_terminate_backend("));
  }

  /** What the tool itself calls, alone and in a rollout. */
  private Set<String> calledByStock(Tool tool) {
    assertAllOk(run(1, stock(tool, oneMore("SELECT 1"))));
    assertAllOk(run(1, stock(tool, migrations)));
    waitForOneAnother(stock(tool, oneMore(Brake.SQL)));
    failBehindTheBrake(stock(tool, oneMore("SET lock_timeout = '%s'".formatted(SHORT), Brake.SQL)));
    Set<String> called = operators.takeCalled();
    scene.database().execute("DROP OWNED BY " + login.user());
    scene
        .database()
        .execute(
            "GRANT ALL ON SCHEMA public TO " + login.user(),
            "GRANT CREATE ON DATABASE %s TO %s".formatted(scene.database().name(), login.user()));
    migrations = new Migrations();
    versions = 0;
    return called;
  }

  /** One migrates until the others wait; Flyway does not say that it waits. */
  private void waitForOneAnother(Rollout rollout) {
    List<Replica> replicas = scene.replicas().start(WAITING, rollout);
    try (Brake brake = Brake.on(scene.database())) {
      replicas.get(0).go();
      brake.awaitStopped();
      List<Replica> others = replicas.subList(1, WAITING);
      others.forEach(Replica::go);
      if (rollout.tool() == Tool.LIQUIBASE) {
        scene
            .probe()
            .awaitUntil(
                () ->
                    others.stream().noneMatch(it -> it.log("Waiting for changelog lock").isEmpty()),
                "the others wait");
      }
      brake.release();
    }
    assertAllOk(replicas.stream().map(Replica::outcome).toList());
    replicas.forEach(Replica::close);
  }

  private Rollout withLock(Tool tool, Migrations migrations) {
    return asLogin(Rollout.of(tool, scene.database(), migrations));
  }

  private Rollout stock(Tool tool, Migrations migrations) {
    return asLogin(Rollout.stock(tool, scene.database(), migrations));
  }

  /** In a schema that is not empty. */
  private Rollout asLogin(Rollout rollout) {
    return rollout
        .login(login)
        .setting("flyway.baselineOnMigrate", "true")
        .setting("flyway.baselineVersion", "0");
  }

  private Rollout withUrl(Rollout rollout) {
    String settings = rollout.tool().settings();
    return rollout
        .setting(settings + "url", scene.database().url())
        .setting(settings + "user", login.user())
        .setting(settings + "password", login.password());
  }

  @ParameterizedTest
  @MethodSource("toolsAndPaths")
  void shouldCallNoOperatorThatStockDoesNotCall(Tool tool, String path) throws Exception {
    searchPath(path);
    Set<String> stock = calledByStock(tool);

    assertAllOk(run(1, withLock(tool, oneMore("SELECT 1"))));
    assertAllOk(run(1, withLock(tool, migrations)));
    waitBesideAForeignSession(tool);
    assertTimedOut(timeOut(tool));
    failBehindTheBrake(bounded(withLock(tool, oneMore(Brake.SQL))));
    failBehindTheBrake(bounded(withUrl(withLock(tool, oneMore(Brake.SQL)))));

    assertThat(operators.count()).isGreaterThan(5_000);
    assertThat(operators.takeCalled()).isSubsetOf(stock);
  }

  /**
   * All wait for the harness, which holds the key and, as an intruder might, shares the waiting
   * key: the releasing session may choose that session to wake up.
   */
  private void waitBesideAForeignSession(Tool tool) throws Exception {
    Rollout rollout = withLock(tool, oneMore("SELECT 1"));
    try (Connection foreign = scene.database().connect();
        Statement statement = foreign.createStatement()) {
      statement.execute(
          "SELECT pg_advisory_lock_shared(%d)".formatted(LockKey.MIGRATION.forWaiting().value()));
      List<Replica> replicas =
          KeyHolder.whileHeld(
              LockKey.MIGRATION,
              scene.database(),
              () -> {
                List<Replica> started = scene.replicas().start(WAITING, rollout);
                started.forEach(Replica::go);
                scene.probe().awaitUntil(() -> waiting() == WAITING, "all wait");
                return started;
              });
      assertAllOk(replicas.stream().map(Replica::outcome).toList());
      replicas.forEach(Replica::close);
    }
  }

  private long waiting() {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().contains(" waits for "))
        .count();
  }

  private List<Outcome> timeOut(Tool tool) throws Exception {
    Rollout rollout =
        withLock(tool, oneMore("SELECT 1")).setting(tool.settings() + "timeout", SHORT);
    return KeyHolder.whileHeld(LockKey.MIGRATION, scene.database(), () -> run(1, rollout));
  }

  private static Rollout bounded(Rollout rollout) {
    return rollout.setting(rollout.tool().settings() + "migrationLockTimeout", SHORT);
  }

  /** With the lock, it is looked who blocks the statement, and after its failure who might have. */
  private void failBehindTheBrake(Rollout rollout) {
    try (Brake brake = Brake.on(scene.database())) {
      assertThat(run(1, rollout)).singleElement().returns(false, Outcome::ok);
      assertThat(brake.pid()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {DEFAULT, PUBLIC_FIRST})
  void shouldCallNoOperatorInTheCommand(String path) throws SQLException {
    searchPath(path);
    LockStage stage = new LockStage(scene);
    CommandShell command = new CommandShell(folder, scene.database().url(), login);
    HeldLock held = stage.lock(LockKey.MIGRATION, LockStage.ONCE).acquire(stage.dedicated(login));
    try (Connection working =
            scene.database().dataSource().getConnection(login.user(), login.password());
        Work work = held.startWork(working);
        Waiter waiter =
            Waiter.start(stage.lock(LockKey.MIGRATION, LockStage.ASLEEP), stage.dedicated(login))) {
      assertThat(work).isNotNull();
      assertThat(waiter).isNotNull();
      stage.awaitWaiting();

      assertThat(command.run("status", "--all")).returns(1, Answer::status);
      assertThat(command.run("status")).returns(1, Answer::status);
      assertThat(command.run("wait", "--timeout", SHORT)).returns(3, Answer::status);
      assertThat(command.run("release", "--yes")).returns(0, Answer::status);
    }
    held.close();

    assertThat(operators.takeCalled()).isEmpty();
  }

  /** The test of the test. */
  @ParameterizedTest
  @ValueSource(strings = {DEFAULT, PUBLIC_FIRST})
  void shouldCountTheCallsOfABareOperator(String path) throws SQLException {
    searchPath(path);
    try (Connection connection =
            scene.database().dataSource().getConnection(login.user(), login.password());
        Statement statement = connection.createStatement()) {
      statement.execute("select 'x'::text || 1::oid");
      statement.execute("select 'x'::text operator(pg_catalog.||) 1::oid::pg_catalog.text");
    }

    assertThat(operators.takeCalled()).containsExactly("text || oid");
  }
}
