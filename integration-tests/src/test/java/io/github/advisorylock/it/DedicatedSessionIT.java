package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockInterruptedException;
import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockListener.Waiting;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.Work;
import io.github.advisorylock.WorkTimeouts;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session of the lock's own survives what it can, and leaves nothing behind. */
@SuppressWarnings("try") // releasing before the end of the block is what is tested
class DedicatedSessionIT {
  private static final List<String> TIMEOUTS =
      List.of(
          "statement_timeout",
          "lock_timeout",
          "idle_in_transaction_session_timeout",
          "idle_session_timeout",
          "transaction_timeout");

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  private HikariDataSource pool(boolean autoCommit, Login login) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(scene.database().url("the pool's name"));
    config.setUsername(login.user());
    config.setPassword(login.password());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(autoCommit);
    return new HikariDataSource(config);
  }

  private HikariDataSource pool(boolean autoCommit) {
    return pool(autoCommit, scene.database().owner());
  }

  private static LockSession dedicated(HikariDataSource pool) {
    return LockSession.dedicated(pool::getConnection, LockStage.NAME);
  }

  /** A role whose sessions the server ends when they are idle for a moment. */
  private Login impatient(String timeout) {
    String names = "'" + String.join("', '", TIMEOUTS) + "'";
    Login login = scene.database().createLogin();
    scene
        .database()
        .list("SELECT name FROM pg_settings WHERE name IN (%s)".formatted(names))
        .forEach(
            name ->
                scene
                    .database()
                    .execute("ALTER ROLE %s SET %s = '%s'".formatted(login.user(), name, timeout)));
    return login;
  }

  private void terminate(int pid) {
    scene.database().count("SELECT pg_terminate_backend(%d)::int".formatted(pid));
    scene
        .probe()
        .awaitUntil(
            () -> scene.probe().sessions().stream().noneMatch(session -> session.pid() == pid),
            "session " + pid + " has ended");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private record Look(int pid, boolean autoCommit, String name, Map<String, String> settings) {
    static Look at(HikariDataSource pool) throws SQLException {
      try (Connection connection = pool.getConnection()) {
        Look look =
            new Look(
                LockStage.pid(connection),
                connection.getAutoCommit(),
                connection.getClientInfo("ApplicationName"),
                LockStage.settings(connection));
        if (!connection.getAutoCommit()) {
          connection.rollback();
        }
        return look;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldGoBackToItsPoolAsItWas(boolean autoCommit) throws SQLException {
    try (HikariDataSource pool = pool(autoCommit, impatient("34567ms"))) {
      Look before = Look.at(pool);
      assertThat(before.settings().get("statement_timeout")).startsWith("34567");

      stage.lock(LockStage.ONCE).acquire(dedicated(pool)).close();

      assertThat(Look.at(pool)).isEqualTo(before);
      assertThat(stage.isFree(LockStage.KEY)).isTrue();
      assertThat(stage.events().of(Released.class)).hasSize(1);
    }
  }

  /** Its settings, and what has set them: a later change of the role's must reach the session. */
  @Test
  void shouldLeaveAWorkingSessionAsItWas() throws SQLException {
    SessionPolicy policy =
        new SessionPolicy(
            Pooling.AUTO,
            SessionPolicy.DEFAULT.lease(),
            true,
            new WorkTimeouts(Duration.ofSeconds(3), Duration.ofMinutes(3)));
    try (HikariDataSource pool = pool(true, impatient("34567ms"));
        HeldLock held =
            stage
                .lock(LockStage.ONCE)
                .acquire(
                    LockSession.dedicated(
                        scene.database().dataSource()::getConnection, LockStage.NAME, policy));
        Connection working = pool.getConnection()) {
      execute(working, "SET statement_timeout = '45678ms'");
      Map<String, String> before = LockStage.settings(working);
      assertThat(before.get("statement_timeout")).startsWith("45678, by session");
      assertThat(before.get("lock_timeout")).startsWith("34567, by user");

      try (Work work = held.startWorkOfSession(working)) {
        assertThat(LockStage.settings(working).get("lock_timeout")).startsWith("3000, by session");
      }

      assertThat(LockStage.settings(working)).isEqualTo(before);
    }
  }

  /** The server keeps a copy of all activity from the first look in a transaction on. */
  @Test
  void shouldNotAgeTheActivityThatAMigrationReads() throws SQLException {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Connection working = stage.connect(false);
        Work work = held.startWork(working)) {
      held.verify(working);
      held.verifyInTransaction(working);
      assertThat(work.endsWithTransaction()).isTrue();

      try (Connection later = stage.connect(true)) {
        execute(
            working,
            "SELECT 1 / count(*) FROM pg_stat_activity WHERE pid = " + LockStage.pid(later));
      }
      working.rollback();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldGoBackToItsPoolAsItWasWhenInterrupted(boolean autoCommit) throws SQLException {
    try (HikariDataSource pool = pool(autoCommit);
        HeldLock other = stage.lock(LockStage.ONCE).acquire(stage.dedicated())) {
      Look before = Look.at(pool);
      try (Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), dedicated(pool))) {
        stage.awaitWaiting();
        waiter.interrupt();
        assertThat(waiter.failure()).isInstanceOf(LockInterruptedException.class);
      }

      assertThat(Look.at(pool)).isEqualTo(before);
      assertThat(other).isNotNull();
    }
  }

  @Test
  void shouldCallItAnInterruptWhileWaitingForThePool() throws Exception {
    try (HikariDataSource pool = pool(true);
        Connection taken = pool.getConnection();
        Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), dedicated(pool))) {
      scene
          .probe()
          .awaitUntil(
              () -> pool.getHikariPoolMXBean().getThreadsAwaitingConnection() == 1,
              "the waiter waits for the pool");

      waiter.interrupt();

      assertThat(waiter.failure()).isInstanceOf(LockInterruptedException.class);
      assertThat(waiter.interruptedAtEnd()).isTrue();
      assertThat(taken.isValid(1)).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, SELECT pg_advisory_unlock_all()",
    "false, SELECT pg_advisory_unlock_all()",
    "true, DISCARD ALL"
  })
  void shouldEndAConnectionThatLostTheLockBeforeItGoesBack(boolean autoCommit, String sql)
      throws SQLException {
    try (HikariDataSource pool = pool(autoCommit)) {
      AtomicReference<Connection> used = new AtomicReference<>();
      HeldLock held =
          stage
              .lock(LockStage.ONCE)
              .acquire(
                  LockSession.dedicated(
                      () -> {
                        used.set(pool.getConnection());
                        return used.get();
                      },
                      LockStage.NAME));
      int pid = LockStage.pid(used.get());
      execute(used.get(), sql);

      held.close();

      assertThat(stage.events().of(Lost.class)).hasSize(1);
      assertThat(Look.at(pool))
          .returns(autoCommit, Look::autoCommit)
          .returns("the pool's name", Look::name)
          .extracting(Look::pid)
          .isNotEqualTo(pid);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldGiveThePoolAWorkingConnectionAfterItsSessionWasTerminated(boolean autoCommit)
      throws SQLException {
    try (HikariDataSource pool = pool(autoCommit)) {
      HeldLock held = stage.lock(LockStage.ONCE).acquire(dedicated(pool));
      int pid = stage.awaitHolding().pid();
      terminate(pid);

      held.close();

      assertThat(stage.events().of(Lost.class))
          .singleElement()
          .extracting(Lost::reason)
          .asString()
          .contains("57P01");
      assertThat(Look.at(pool)).returns(autoCommit, Look::autoCommit);
      assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isEqualTo(1);
      assertThat(stage.isFree(LockStage.KEY)).isTrue();
    }
  }

  @Test
  void shouldOutliveTheServersTimeouts() throws SQLException {
    Login login = impatient("200ms");
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated(login));
        Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), stage.dedicated(login))) {
      List<Integer> pids = List.of(stage.awaitHolding().pid(), stage.awaitWaiting().pid());
      try (Connection control =
          scene.database().dataSource().getConnection(login.user(), login.password())) {
        scene
            .probe()
            .awaitUntil(
                () -> scene.probe().sessions().size() == 2,
                "the server has ended " + control + ", which connected last");
      }

      assertThat(scene.probe().sessions())
          .extracting(Session::pid)
          .containsExactlyInAnyOrderElementsOf(pids);
      assertThat(scene.probe().holders(held.key().value()))
          .extracting(AdvisoryLockRow::pid)
          .containsExactly(pids.get(0));
      assertThat(waiter).isNotNull();
    }
    assertThat(stage.events().of(Lost.class)).isEmpty();
  }

  @Test
  void shouldReplaceAWaitingSessionThatIsTerminated() {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Waiter waiter =
            Waiter.start(
                stage.lock(LockStage.policy(Duration.ofMinutes(1), Duration.ofMillis(200))),
                stage.dedicated())) {
      int pid = stage.awaitWaiting().pid();
      terminate(pid);
      scene
          .probe()
          .awaitUntil(
              () -> scene.probe().sessions().size() == 2, "the waiter has a session once more");

      held.close();

      waiter.held();
      assertThat(stage.awaitHolding().pid()).isNotEqualTo(pid);
    }
    scene.probe().awaitNothingLeft();
    assertThat(stage.events().of(Lost.class)).isEmpty();
  }

  @Test
  void shouldLeaveNothingBehindWhenInterrupted() {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), stage.dedicated())) {
      stage.awaitWaiting();

      waiter.interrupt();

      assertThat(waiter.failure()).isInstanceOf(LockInterruptedException.class);
      assertThat(waiter.interruptedAtEnd()).isTrue();
      scene
          .probe()
          .awaitUntil(() -> scene.probe().sessions().size() == 1, "the waiter's session ends");
      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldTellOtherRolesWhoWaitsAndWhoHolds() throws SQLException {
    Login other = scene.database().createLogin();
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), stage.dedicated());
        Connection connection = scene.database().connect(other)) {
      stage.awaitWaiting();
      String process = ":" + ProcessHandle.current().pid() + ")";

      List<String> seen = new java.util.ArrayList<>();
      try (Statement statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'it %'"
                      + " AND datname = current_database() ORDER BY 1")) {
        while (row.next()) {
          seen.add(row.getString(1));
        }
      }

      assertThat(seen).hasSize(2).allMatch(name -> name.endsWith(process));
      assertThat(seen.get(0)).startsWith("it holds stage (");
      assertThat(seen.get(1)).startsWith("it waits for stage (");
      assertThat(held).isNotNull();
      assertThat(waiter).isNotNull();
    }
  }

  @Test
  void shouldHandOver() {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Waiter waiter = Waiter.start(stage.lock(LockStage.BUSY), stage.dedicated())) {
      stage.awaitWaiting();
      assertThat(stage.events().of(Waiting.class))
          .singleElement()
          .extracting(Waiting::holder)
          .satisfies(
              holder ->
                  assertThat(holder.session().applicationName()).startsWith("it holds stage ("));

      held.close();

      waiter.held().close();
      assertThat(stage.events().of(Acquired.class))
          .last()
          .matches(acquired -> acquired.attempts() > 1);
    }
    scene.probe().awaitNothingLeft();
  }
}
