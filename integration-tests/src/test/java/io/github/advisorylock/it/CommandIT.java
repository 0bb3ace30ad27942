package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.Work;
import io.github.advisorylock.it.CommandShell.Answer;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import io.github.advisorylock.it.PgBouncer.Mode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command, as the jar that is released, while sessions of the lock hold, work and wait. */
class CommandIT {
  private static final int FREE = 0;
  private static final int HELD = 1;
  private static final int USAGE = 2;
  private static final int TIMEOUT = 3;
  private static final int CANNOT = 4;

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  @TempDir Path folder;
  private Login login;

  @BeforeEach
  void createLogin() {
    login = scene.database().createLogin();
  }

  private CommandShell as(Login who) {
    return new CommandShell(folder, scene.database().url(), who);
  }

  private Answer run(String... arguments) {
    return as(login).run(arguments);
  }

  private HeldLock held(LockKey key) {
    return stage.lock(key, LockStage.ONCE).acquire(stage.dedicated(login));
  }

  private HeldLock held() {
    return held(LockKey.MIGRATION);
  }

  private Waiter waiter(LockKey key, boolean listening) {
    SessionPolicy policy =
        new SessionPolicy(Pooling.AUTO, SessionPolicy.DEFAULT.lease(), listening);
    LockSession session =
        LockSession.dedicated(
            () -> scene.database().dataSource().getConnection(login.user(), login.password()),
            LockStage.NAME,
            policy);
    Waiter waiter = Waiter.start(stage.lock(key, LockStage.ASLEEP), session);
    stage.awaitWaiting();
    return waiter;
  }

  private int pidOfHolder() {
    List<AdvisoryLockRow> holders = scene.probe().holders(LockKey.MIGRATION.value());
    assertThat(holders).hasSize(1);
    return holders.get(0).pid();
  }

  private static JsonNode json(Answer answer) {
    return JsonMapper.shared().readTree(answer.out());
  }

  // status

  @Test
  void shouldSayThatALockIsFree() {
    assertThat(run("status"))
        .isEqualTo(new Answer(FREE, "The advisory lock " + LockKey.MIGRATION + " is free", ""));
  }

  /** With the connection on which the holder works. */
  private void whileOneWorksAndAnotherWaits(ThrowingConsumer<Connection> assertions)
      throws SQLException {
    try (HeldLock held = held();
        Connection working = scene.database().connect(login);
        Work work = held.startWork(working);
        Waiter waiter = waiter(LockKey.MIGRATION, true)) {
      assertThat(List.of(work, waiter)).isNotEmpty();
      assertions.accept(working);
    }
  }

  @Test
  void shouldShowWhoHoldsAndWorksAndWaits() throws SQLException {
    whileOneWorksAndAnotherWaits(
        working -> {
          Answer answer = run("status");

          assertThat(answer.status()).isEqualTo(HELD);
          assertThat(answer.err()).isEmpty();
          List<String> lines = answer.out().lines().toList();
          assertThat(lines).hasSize(6);
          assertThat(lines.get(0)).isEqualTo("The advisory lock " + LockKey.MIGRATION + " is held");
          assertThat(lines.get(3))
              .startsWith("holds  " + pidOfHolder())
              .contains("it holds migration (");
          assertThat(lines.get(4))
              .startsWith("works  " + LockStage.pid(working))
              .contains("harness");
          assertThat(lines.get(5)).startsWith("waits  ").contains("it waits for migration (");
          assertThat(lines.subList(3, 6)).allMatch(line -> line.contains(login.user()));
        });
  }

  @Test
  void shouldShowAllThatPostgresShowsAsJson() throws SQLException {
    whileOneWorksAndAnotherWaits(
        working -> {
          Answer answer = run("status", "--output", "json");
          JsonNode lock = json(answer);

          assertThat(answer.status()).isEqualTo(HELD);
          assertThat(lock.get("name").asString()).isEqualTo("migration");
          assertThat(lock.get("key").asString()).isEqualTo("-8472138601791040455");
          assertThat(lock.get("free").asBoolean()).isFalse();
          JsonNode holder = lock.get("holders").get(0);
          assertThat(holder.get("pid").asInt()).isEqualTo(pidOfHolder());
          assertThat(holder.get("role").asString()).isEqualTo(login.user());
          assertThat(holder.get("applicationName").asString()).startsWith("it holds migration (");
          assertThat(holder.get("state").asString()).isEqualTo("idle");
          assertThat(holder.get("stateForSeconds").asDouble()).isNotNegative();
          assertThat(holder.get("connectedSince").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
          assertThat(holder.get("statement").asString()).contains("select");
          assertThat(lock.get("workers").get(0).get("pid").asInt())
              .isEqualTo(LockStage.pid(working));
          assertThat(lock.get("waiters").get(0).get("applicationName").asString())
              .startsWith("it waits for migration (");
          assertThat(lock.get("waiters")).hasSize(1);
        });
  }

  @Test
  void shouldShowWhoWaitsWithoutListening() {
    try (HeldLock held = held();
        Waiter waiter = waiter(LockKey.MIGRATION, false)) {
      assertThat(held).isNotNull();
      assertThat(waiter).isNotNull();

      assertThat(json(run("status", "--output=json")).get("waiters")).hasSize(1);
    }
  }

  @Test
  void shouldShowNullForWhatAnotherRoleHides() {
    Login stranger = scene.database().createLogin();
    try (HeldLock held = held()) {
      assertThat(held).isNotNull();

      JsonNode holder = json(as(stranger).run("status", "--output=json")).get("holders").get(0);

      assertThat(holder.get("pid").asInt()).isEqualTo(pidOfHolder());
      assertThat(holder.get("applicationName").asString()).startsWith("it holds migration (");
      assertThat(holder.get("connectedSince").isNull()).isTrue();
      assertThat(holder.get("statement").isNull()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "42, --key=42",
    "-1, --key=-1",
    "stage, --key=stage",
    "-9223372036854775808, --key=-9223372036854775808"
  })
  void shouldFindALockByWhatTheSettingTakes(String name, String option) {
    LockKey key = name.matches("-?\\d+") ? LockKey.of(Long.parseLong(name)) : LockKey.named(name);
    try (HeldLock held = held(key)) {
      assertThat(held).isNotNull();

      assertThat(run("status", option).out()).startsWith("The advisory lock " + key + " is held");
      assertThat(run("status").status()).isEqualTo(FREE);
    }
  }

  @Test
  void shouldFindTheLockOfASchema() {
    LockKey key = LockKey.MIGRATION.within("app");
    try (HeldLock held = held(key)) {
      assertThat(held).isNotNull();

      assertThat(run("status", "--schema=app").out())
          .startsWith("The advisory lock " + key + " is held");
      assertThat(run("status", "--schema=other").status()).isEqualTo(FREE);
    }
  }

  @Test
  void shouldShowEveryLockThatASessionNames() {
    LockKey ofSchema = LockKey.named("shop").within("app");
    assertThat(run("status", "--all").status()).isEqualTo(FREE);
    try (HeldLock one = held();
        HeldLock other = held(ofSchema);
        Waiter waiter = waiter(LockKey.MIGRATION, true)) {
      assertThat(List.of(one, other, waiter)).isNotEmpty();

      Answer answer = run("status", "--all", "--output=json");

      assertThat(answer.status()).isEqualTo(HELD);
      assertThat(json(answer))
          .map(lock -> lock.get("name").asString() + " " + lock.get("key").asString())
          .containsExactlyInAnyOrder(
              "migration " + LockKey.MIGRATION.value(), "shop@app " + ofSchema.value());
      assertThat(json(answer))
          .map(lock -> lock.get("waiters").size())
          .containsExactlyInAnyOrder(1, 0);
    }
  }

  @Test
  void shouldFindALockByThoseWhoWaitForIt() throws Exception {
    KeyHolder.whileHeld(
        LockKey.of(42),
        scene.database(),
        () -> {
          try (Waiter waiter = waiter(LockKey.of(42), true)) {
            assertThat(waiter).isNotNull();
            return assertThat(run("status", "--all").out())
                .startsWith("The advisory lock 42 is held");
          }
        });
  }

  @Test
  void shouldNotCallALockFreeThatAPreparedTransactionHolds() throws SQLException {
    LockKey key = LockKey.of(42);
    String prepared = scene.database().name(); // the whole server has one of a name
    try (Connection connection = scene.database().connect()) {
      connection.createStatement().execute("BEGIN");
      connection.createStatement().execute("SELECT pg_advisory_xact_lock(42)");
      connection.createStatement().execute("PREPARE TRANSACTION '%s'".formatted(prepared));
    }
    try {
      assertThat(run("status", "--key=42"))
          .returns(HELD, Answer::status)
          .extracting(Answer::out)
          .asString()
          .startsWith("The advisory lock " + key + " is held")
          .contains("a prepared transaction");
      assertThat(run("release", "--key=42", "--yes"))
          .returns(CANNOT, Answer::status)
          .extracting(Answer::err)
          .asString()
          .contains("select * from pg_catalog.pg_prepared_xacts;");
    } finally {
      scene.database().execute("ROLLBACK PREPARED '%s'".formatted(prepared));
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void shouldSayThatThereIsAPoolerAndWorkAllTheSame(Mode mode) {
    PgBouncer pooler = scene.startPooler(mode, 3);
    try (HeldLock held = held()) {
      assertThat(held).isNotNull();

      Answer answer =
          new CommandShell(
                  folder, pooler.urlWithoutSettings(scene.database()), scene.database().owner())
              .run("status");

      assertThat(answer.status()).isEqualTo(HELD);
      assertThat(answer.err()).startsWith("Warning: there is a pooler in between");
      assertThat(answer.out()).contains("it holds migration (");
    }
  }

  /** The same line with a name as every role may have it. */
  @ParameterizedTest
  @ValueSource(strings = {"\n", "\u2028", "\u202e", "\r", "\u0085", "\u001b[2K", "  "})
  void shouldNotLetTheNameOfARoleForgeALine(String mark) throws SQLException {
    String role = scene.database().name() + mark + "waits  1  nobody  b";
    scene.database().execute("CREATE ROLE \"%s\" LOGIN PASSWORD 'secret'".formatted(role));
    Login forger = new Login(role, "secret");
    try (Connection connection = scene.database().connect(forger)) {
      connection
          .createStatement()
          .execute("SELECT pg_advisory_lock(%d)".formatted(LockKey.MIGRATION.value()));

      Answer answer = as(scene.database().owner()).run("status");
      JsonNode holder =
          json(as(scene.database().owner()).run("status", "--output=json")).get("holders").get(0);

      assertThat(answer.out().lines()).hasSize(4);
      assertThat(answer.out().lines().skip(3)).singleElement().asString().startsWith("holds  ");
      assertThat(answer.out()).doesNotContain(mark + "waits").doesNotContain("  nobody");
      assertThat(holder.get("role").asString()).isEqualTo(role);
    } finally {
      scene.probe().awaitUntil(() -> stage.isFree(LockKey.MIGRATION), "the lock is free");
      scene.database().execute("DROP ROLE \"%s\"".formatted(role));
    }
  }

  /**
   * SQL_ASCII is bytes to the server, which shows the first 1023 of them, with half a letter at the
   * end; in WIN1252 some bytes are no letter.
   */
  @ParameterizedTest
  @CsvSource({"SQL_ASCII, UTF8, ä", "WIN1252, SQL_ASCII, \u0081", "LATIN1, UTF8, ä"})
  void shouldShowAndAwaitAStatementThatIsNoTextToTheClient(
      String encoding, String clientEncoding, String letter) throws SQLException {
    String lock = "SELECT pg_advisory_lock(42) /*";
    try (Database database = Server.get().freshDatabase(encoding);
        Connection holder = connect(database, clientEncoding);
        Statement statement = holder.createStatement()) {
      CommandShell shell = new CommandShell(folder, database.url(), login);
      int pid = LockStage.pid(holder);
      statement.execute(lock + letter.repeat(600) + "*/");

      Answer status = shell.run("status", "--key=42", "--output=json");

      assertThat(status.status()).as(status.err()).isEqualTo(HELD);
      assertThat(json(status).get("holders").get(0).get("statement").asString()).startsWith(lock);
      try (ChildProcess wait = shell.start("wait", "--key=42")) {
        wait.awaitOutput("held by pid " + pid);
        statement.execute("SELECT pg_advisory_unlock(42)");
        assertThat(wait.exitStatus()).isEqualTo(FREE);
      }
    }
  }

  private Connection connect(Database database, String clientEncoding) throws SQLException {
    Connection connection =
        DriverManager.getConnection(
            JdbcUrl.parse(database.url()).with("allowEncodingChanges", "true").toString(),
            login.user(),
            login.password());
    connection.createStatement().execute("SET client_encoding = '%s'".formatted(clientEncoding));
    return connection;
  }

  /**
   * All databases of a server share its roles. In one whose encoding is SQL_ASCII, a name that is
   * too long is cut in the middle of a letter.
   */
  @Test
  void shouldShowARoleWhoseNameIsNoText() throws SQLException {
    String start = login.user() + "_".repeat(login.user().length() % 2);
    String renamed = start + "ä".repeat((64 - start.length()) / 2);
    try (Database other = Server.get().freshDatabase("SQL_ASCII");
        Connection holder = scene.database().connect(login);
        Connection holderOfOther = other.connect(login)) {
      holder.createStatement().execute("SELECT pg_advisory_lock(42)");
      holderOfOther.createStatement().execute("SELECT pg_advisory_lock(42)");
      other.execute(
          "SET client_min_messages = error", // or the notice fails: it has the name
          "ALTER ROLE %s RENAME TO \"%s\"".formatted(login.user(), renamed));
      try {
        for (String url : List.of(scene.database().url(), other.url())) {
          Answer answer =
              new CommandShell(folder, url, scene.database().createLogin())
                  .run("status", "--key=42");

          assertThat(answer.status()).as(answer.err()).isEqualTo(HELD);
          assertThat(answer.out()).contains(login.user());
        }
      } finally {
        other.execute("ALTER ROLE \"%s\" RENAME TO %s".formatted(renamed, login.user()));
      }
    }
  }

  // wait

  @Test
  void shouldNotWaitIfNobodyHoldsTheLock() {
    assertThat(run("wait"))
        .isEqualTo(new Answer(FREE, "The advisory lock " + LockKey.MIGRATION + " is free", ""));
  }

  @Test
  @SuppressWarnings("try") // released before the end of the block
  void shouldWaitUntilTheLockIsReleased() {
    try (HeldLock held = held();
        ChildProcess wait = as(login).start("wait")) {
      wait.awaitOutput("Waiting for the advisory lock " + LockKey.MIGRATION);
      assertThat(wait.output()).contains("held by pid " + pidOfHolder());

      held.close();

      assertThat(wait.exitStatus()).isEqualTo(FREE);
      assertThat(wait.output()).endsWith("is free");
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWaitUntilTheWorkOfAHolderThatHasGoneHasEnded() throws SQLException {
    try (Connection working = scene.database().connect(login)) {
      HeldLock held = held();
      Work work = held.startWork(working);
      held.close();
      try (ChildProcess wait = as(login).start("wait")) {
        wait.awaitOutput("a session still works for a run that has lost it");

        work.close();

        assertThat(wait.exitStatus()).isEqualTo(FREE);
      }
    }
  }

  @Test
  void shouldBeInNobodysWayWhileItWaits() {
    try (HeldLock held = held();
        ChildProcess wait = as(login).start("wait")) {
      wait.awaitOutput("Waiting for the advisory lock");
      scene
          .probe()
          .awaitUntil(
              () ->
                  scene.probe().sessions().stream()
                      .anyMatch(
                          session ->
                              session.application().equals("advisory-lock wait")
                                  && session.state().equals("idle")
                                  && !session.snapshot()),
              "the wait is idle, and has no snapshot");

      assertThat(scene.probe().advisoryLocks()).hasSize(1);
      assertThat(held).isNotNull();
    }
  }

  @Test
  @SuppressWarnings("try") // released before the end of the block
  void shouldGoOnWaitingAfterItHasLostItsConnection() {
    try (HeldLock held = held();
        ChildProcess wait = as(login).start("wait")) {
      wait.awaitOutput("Waiting for the advisory lock");
      List<Integer> before = pidsOfWait();
      scene.database().execute("SELECT pg_terminate_backend(" + before.get(0) + ")");
      scene
          .probe()
          .awaitUntil(() -> !pidsOfWait().isEmpty() && !pidsOfWait().equals(before), "it is back");

      held.close();

      assertThat(wait.exitStatus()).isEqualTo(FREE);
    }
  }

  private List<Integer> pidsOfWait() {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().equals("advisory-lock wait"))
        .map(LockProbe.Session::pid)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1s"})
  void shouldGiveUpAfterTheTimeout(String timeout) {
    try (HeldLock held = held()) {
      assertThat(held).isNotNull();

      Answer answer = run("wait", "--timeout", timeout);

      assertThat(answer.status()).isEqualTo(TIMEOUT);
      assertThat(answer.out()).isEmpty();
      assertThat(answer.err().lines().reduce((first, last) -> last).orElseThrow())
          .startsWith("Gave up on the advisory lock " + LockKey.MIGRATION)
          .contains("held by pid " + pidOfHolder());
    }
  }

  // release

  @Test
  void shouldEndTheHolder() {
    HeldLock held = held();
    int pid = pidOfHolder();

    Answer answer = run("release", "--yes");

    assertThat(answer.status()).isEqualTo(FREE);
    assertThat(answer.err()).isEmpty();
    assertThat(answer.out())
        .startsWith("Ended the session that held the advisory lock " + LockKey.MIGRATION)
        .contains("pid " + pid + " [it holds migration (");
    assertThat(stage.isFree(LockKey.MIGRATION)).isTrue();
    held.close();
  }

  @Test
  void shouldSayThatNobodyHoldsTheLock() {
    assertThat(run("release"))
        .isEqualTo(new Answer(FREE, "Nobody holds the advisory lock " + LockKey.MIGRATION, ""));
  }

  @Test
  void shouldTellOfWorkThatHasNotEnded() throws SQLException {
    HeldLock held = held();
    try (Connection working = scene.database().connect(login);
        Work work = held.startWork(working)) {
      assertThat(work).isNotNull();

      Answer answer = run("release", "--yes");

      assertThat(answer.status()).isEqualTo(FREE);
      assertThat(answer.out())
          .contains("Still at work, and nobody begins before it has ended: pid ")
          .endsWith("select pg_catalog.pg_terminate_backend(" + LockStage.pid(working) + ");");
    }
    held.close();
  }

  @Test
  void shouldRefuseToGuessWithoutATerminal() {
    try (HeldLock held = held()) {
      assertThat(run("release"))
          .returns(USAGE, Answer::status)
          .extracting(Answer::err)
          .asString()
          .contains("is held by pid " + pidOfHolder(), "with --yes, nobody is asked");

      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"y", "Yes"})
  void shouldEndTheHolderIfSomebodyAgrees(String answer) {
    HeldLock held = held();
    int pid = pidOfHolder();
    try (TerminalProcess terminal = as(login).onTerminal(true, "release")) {
      terminal.await("[y/N]");
      assertThat(terminal.shown()).contains("is held by pid " + pid + " [it holds migration (");

      terminal.type(answer);

      assertThat(terminal.exitStatus()).isEqualTo(FREE);
      assertThat(terminal.shown()).contains("Ended the session that held the advisory lock");
    }
    assertThat(stage.isFree(LockKey.MIGRATION)).isTrue();
    held.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"n", "", "yeah"})
  void shouldLeaveTheHolderAloneIfNobodyAgrees(String answer) {
    try (HeldLock held = held();
        TerminalProcess terminal = as(login).onTerminal(true, "release")) {
      terminal.await("[y/N]");

      terminal.type(answer);

      assertThat(terminal.exitStatus()).isEqualTo(HELD);
      assertThat(terminal.shown()).contains("This session was not ended");
      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GRANT pg_read_all_stats TO :role"})
  void shouldSayWhoMayEndTheHolderIfTheRoleMayNot(String grant) {
    Login stranger =
        grant.isEmpty() ? scene.database().createLogin() : scene.database().createLogin(grant);
    try (HeldLock held = held()) {
      int pid = pidOfHolder();

      assertThat(as(stranger).run("release", "--yes"))
          .returns(CANNOT, Answer::status)
          .extracting(Answer::err)
          .asString()
          .contains("is held by pid " + pid)
          .contains("the role " + stranger.user() + " may not end")
          .endsWith("select pg_catalog.pg_terminate_backend(" + pid + ");");

      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  // In the manual

  @Test
  void shouldTakeTheArgumentsOfTheInitContainer() {
    String[] arguments =
        Manifests.ofTheManual().initContainer().arguments().stream()
            .filter(argument -> !argument.startsWith("--url="))
            .toArray(String[]::new);

    assertThat(run(arguments)).returns(FREE, Answer::status);
  }

  // What cannot be

  @Test
  void shouldAskForThePasswordAndNotShowIt() {
    try (TerminalProcess terminal = as(login).onTerminal(false, "status", "--password")) {
      terminal.await("Password: ");

      terminal.type(login.password());

      assertThat(terminal.exitStatus()).isEqualTo(FREE);
      assertThat(terminal.shown())
          .contains("The advisory lock " + LockKey.MIGRATION + " is free")
          .doesNotContain(login.password());
    }
  }

  @Test
  void shouldNotAskForAPasswordWithoutATerminal() {
    assertThat(run("status", "--password"))
        .returns(USAGE, Answer::status)
        .extracting(Answer::err)
        .asString()
        .startsWith("--password asks on a terminal, and there is none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "wait", "release"})
  void shouldSayInOneLineThatThePasswordIsWrong(String command) {
    Answer answer = as(new Login(login.user(), "not-the-password")).run(command);

    assertThat(answer.status()).isEqualTo(CANNOT);
    assertThat(answer.out()).isEmpty();
    assertThat(answer.err()).contains("28P01").doesNotContain("\n");
  }

  @Test
  void shouldSayWhichPrivilegeIsMissing() {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");

    for (String command : List.of("status", "wait", "release")) {
      assertThat(run(command))
          .returns(CANNOT, Answer::status)
          .extracting(Answer::err)
          .asString()
          .contains("42501", "grant select on pg_catalog.pg_locks")
          .doesNotContain("\n");
    }
  }

  @Test
  void shouldRefuseAStandby() {
    try (RestartableServer server = RestartableServer.start()) {
      String url = server.server().freshDatabase().url(); // not to be dropped on a standby
      server.restartAsStandby();
      CommandShell shell = new CommandShell(folder, url, new Login("postgres", "irrelevant"));

      for (String command : List.of("status", "wait", "release")) {
        assertThat(shell.run(command))
            .returns(CANNOT, Answer::status)
            .extracting(Answer::err)
            .asString()
            .contains("the server is a read-only standby")
            .doesNotContain("\n");
      }
    }
  }

  @Test
  void shouldSayThatNobodyAnswersOnlyWhenTheTimeoutHasPassed() {
    CommandShell shell = new CommandShell(folder, "jdbc:postgresql://localhost:1/app", login);

    Answer answer = shell.run("wait", "--timeout=" + Duration.ofSeconds(1));

    assertThat(answer.status()).isEqualTo(CANNOT);
    assertThat(answer.err())
        .contains("will try again: Connection to localhost:1 refused")
        .contains("no attempt reached the lock");
  }
}
