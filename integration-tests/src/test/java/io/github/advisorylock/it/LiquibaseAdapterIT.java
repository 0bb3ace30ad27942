package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.LockInterruptedException;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.visitor.AbstractChangeExecListener;
import liquibase.command.CommandScope;
import liquibase.exception.LockException;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.logging.core.JavaLogService;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Liquibase does to its lock services: it throws them away, forgets to release and to acquire,
 * runs commands within commands, and several at once.
 */
class LiquibaseAdapterIT extends LocalLiquibaseScene {

  /** What a changeset sees of the lock that it runs under. */
  private static final String HELD_HERE =
      "INSERT INTO seen SELECT count(*) FROM pg_locks"
          + " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()";

  private static final int THREADS = 6;

  private static void resetAllOnAnotherThread() throws Exception {
    LiquibaseThread.start(() -> LockServiceFactory.getInstance().resetAll()).finish();
  }

  @Test
  void shouldHoldOneLockHoweverOftenItIsTakenAndReleased() throws Exception {
    LockService service = liquibase().lockService();

    service.releaseLock();
    service.waitForLock();
    service.waitForLock();
    assertThat(service.acquireLock()).isTrue();
    assertThat(service.hasChangeLogLock()).isTrue();
    assertThat(scene.probe().holders(LockKey.MIGRATION.value())).hasSize(1);

    service.releaseLock();
    assertThat(locks()).isEmpty();
    assertThat(service.hasChangeLogLock()).isFalse();

    service.releaseLock();
    service.releaseLock();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldCreateNoTable() throws Exception {
    LockService service = liquibase().lockService();
    service.init();
    service.waitForLock();
    service.releaseLock();

    assertThat(scene.database().list(TABLES)).isEmpty();
  }

  @Test
  void shouldLeaveTheConnectionAsLiquibaseDoes() throws Exception {
    try (Database other = Server.get().freshDatabase()) {
      LocalLiquibase stock =
          liquibase(other, other.owner(), folder).with(SETTINGS + "active", "false");
      stock.inScope(() -> lockAndRelease(stock));
      LocalLiquibase liquibase = liquibase();

      lockAndRelease(liquibase);

      assertThat(scene.probe().sessions())
          .singleElement()
          .returns("local", LockProbe.Session::application)
          .returns(new LockProbe(other).sessions().get(0).state(), LockProbe.Session::state)
          .returns(false, LockProbe.Session::snapshot);
      assertThat(liquibase.connection().getAutoCommit()).isFalse();
    }
  }

  private static void lockAndRelease(LocalLiquibase liquibase) throws Exception {
    liquibase.lockService().waitForLock();
    liquibase.lockService().releaseLock();
  }

  private static final String ROOT_PRECONDITION =
      """
      <databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
          xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
              http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
        <preConditions>
          <sqlCheck expectedResult="1">SELECT count(*) FROM marker</sqlCheck>
        </preConditions>
        <changeSet id="1" author="it"><sql>CREATE TABLE made (id int)</sql></changeSet>
      </databaseChangeLog>
      """;

  /** The lock has to leave the search path as Liquibase set it, which differs between releases. */
  @ParameterizedTest
  @ValueSource(strings = {"public", "app"})
  void shouldFindUnqualifiedNamesWhereLiquibaseFindsThemByItself(String schemaOfMarker)
      throws Exception {
    Files.writeString(folder.resolve("precondition.xml"), ROOT_PRECONDITION);
    try (Database other = Server.get().freshDatabase()) {
      List<String> byItself = outcomeOfTwoUpdates(other, schemaOfMarker, false);

      List<String> locked = outcomeOfTwoUpdates(scene.database(), schemaOfMarker, true);

      assertThat(locked).isEqualTo(byItself).isNotEmpty();
    }
  }

  /** The tables, or why there are none, after the first update, and after the second. */
  private List<String> outcomeOfTwoUpdates(Database database, String schemaOfMarker, boolean active)
      throws Exception {
    database.execute(
        "CREATE SCHEMA app", "CREATE TABLE %s.marker AS SELECT 1 AS id".formatted(schemaOfMarker));
    List<String> outcome = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      SQLException refused =
          Throwables.find(catchThrowable(() -> updateInApp(database, active)), SQLException.class);
      outcome.add(refused == null ? "not refused" : refused.getMessage());
      outcome.addAll(
          database.list(
              "SELECT schemaname || '.' || tablename FROM pg_tables"
                  + " WHERE schemaname IN ('public', 'app')"
                  + " AND tablename <> 'databasechangeloglock' ORDER BY 1"));
    }
    return outcome;
  }

  private void updateInApp(Database database, boolean active) throws Exception {
    liquibase(database, database.owner(), folder)
        .with(SETTINGS + "active", String.valueOf(active))
        .inScope(
            () ->
                new CommandScope("update")
                    .addArgumentValue("url", database.url("app"))
                    .addArgumentValue("username", database.user())
                    .addArgumentValue("password", database.password())
                    .addArgumentValue("defaultSchemaName", "app")
                    .addArgumentValue("changelogFile", "precondition.xml")
                    .execute());
  }

  @Test
  void shouldReleaseThroughAnotherInstanceWhenAnotherThreadHasResetAll() throws Exception {
    LocalLiquibase liquibase = liquibase();
    LockService first = liquibase.lockService();
    first.waitForLock();

    resetAllOnAnotherThread();

    LockService second = liquibase.lockService();
    assertThat(second).isNotSameAs(first);
    assertThat(second.hasChangeLogLock()).isTrue();
    second.waitForLock();
    assertThat(locks()).hasSize(1);
    second.releaseLock();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldReleaseWhatACommandHasLeftWhenItsThreadResetsAll() throws Exception {
    LocalLiquibase liquibase = liquibase();
    liquibase.lockService().waitForLock();

    LockServiceFactory.getInstance().resetAll();

    assertThat(locks()).isEmpty();
    assertThat(liquibase.lockService().hasChangeLogLock()).isFalse();
  }

  @Test
  void shouldHoldTheLockWhileAnotherThreadsCommandEnds() throws Exception {
    Path upToDate = folder.resolve("up-to-date");
    new Migrations().versioned("1", "one", "SELECT 1").writeTo(upToDate, Tool.LIQUIBASE);
    liquibase(upToDate).update();
    try (Brake brake = Brake.on(scene.database())) {
      write(new Migrations().versioned("2", "stop", Brake.SQL));
      LocalLiquibase working = liquibase();
      LiquibaseThread worker = LiquibaseThread.start(working::update);
      brake.awaitStopped();

      liquibase(upToDate).update();

      assertThat(locks()).hasSize(1);
      brake.release();
      worker.finish();
      assertThat(locks()).isEmpty();
    }
  }

  @RepeatedTest(3)
  void shouldRunEveryChangesetUnderTheLockWithSeveralThreadsAtOnce() throws Exception {
    write(
        new Migrations()
            .versioned("1", "table", "CREATE TABLE seen (locks int)")
            .versioned("2", "look", HELD_HERE)
            .versioned("3", "look again", HELD_HERE));
    List<Database> databases = new ArrayList<>();
    try {
      List<LiquibaseThread> runs = new ArrayList<>();
      CyclicBarrier together = new CyclicBarrier(THREADS);
      for (int i = 0; i < THREADS; i++) {
        Database database = Server.get().freshDatabase();
        databases.add(database);
        LocalLiquibase liquibase = liquibase(database, database.owner(), folder);
        runs.add(
            LiquibaseThread.start(
                () -> {
                  together.await();
                  liquibase.update();
                }));
      }

      for (LiquibaseThread run : runs) {
        run.finish();
      }

      for (Database database : databases) {
        assertThat(database.list("SELECT locks FROM seen")).containsExactly("1", "1");
        assertThat(new LockProbe(database).advisoryLocks()).isEmpty();
      }
    } finally {
      databases.forEach(Database::close);
    }
  }

  @Test
  void shouldReleaseWhenAChangesetFails() throws Exception {
    write(new Migrations().versioned("1", "fail", "SELECT 1 / 0"));
    LocalLiquibase liquibase = liquibase();

    assertThatThrownBy(liquibase::update).hasStackTraceContaining("division by zero");

    assertThat(locks()).isEmpty();
    assertThat(scene.database().list(CHANGESETS)).isEmpty();
    write(new Migrations().versioned("1", "fixed", "SELECT 1"));
    liquibase.update();
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
  }

  @Test
  void shouldReleaseWhenARollbackFails() throws Exception {
    write(new Migrations().versioned("1", "one", "SELECT 1").rollback("SELECT 1 / 0"));
    LocalLiquibase liquibase = liquibase();
    liquibase.update();

    assertThatThrownBy(() -> rollBackOne(liquibase)).hasStackTraceContaining("division by zero");

    assertThat(locks()).isEmpty();
  }

  private static void rollBackOne(LocalLiquibase liquibase) throws Exception {
    rollBackOne(liquibase, Map.of());
  }

  private static void rollBackOne(LocalLiquibase liquibase, Map<String, Object> more)
      throws Exception {
    Map<String, Object> arguments = new HashMap<>(more);
    arguments.put("changelogFile", Migrations.CHANGELOG);
    arguments.put("count", 1);
    liquibase.run("rollbackCount", arguments);
  }

  @Test
  void shouldFreeAConnectionThatGoesBackToItsPoolWithTheLock() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(1);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      LocalLiquibase liquibase = LocalLiquibase.on(pool.getConnection(), folder);
      liquibase.lockService().waitForLock();

      liquibase.close();

      scene.probe().awaitUntil(() -> locks().isEmpty(), "the lock is free");
      scene.probe().awaitUntil(() -> isUsable(pool), "the pool has noticed");
    }
  }

  private static boolean isUsable(HikariDataSource pool) {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      return statement.execute("SELECT 1");
    } catch (SQLException e) {
      return false;
    }
  }

  @Test
  void shouldFreeALockSessionOfItsOwnWhenLiquibasesConnectionIsClosed() throws Exception {
    LocalLiquibase liquibase = withOwnLockSession(liquibase());
    liquibase.inScope(() -> liquibase.lockService().waitForLock());
    assertThat(scene.probe().sessions()).hasSize(2);

    liquibase.close();

    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldFreeTheLockOfACommandWhoseThreadHasEnded(boolean ownSession) throws Exception {
    write(new Migrations().versioned("1", "one", "SELECT 1").rollback("SELECT 1"));
    LocalLiquibase liquibase = ownSession ? withOwnLockSession(liquibase()) : liquibase();
    liquibase.update();
    LiquibaseThread run =
        LiquibaseThread.start(
            () ->
                rollBackOne(
                    liquibase,
                    Map.of(
                        "changeExecListener",
                        new AbstractChangeExecListener() {
                          @Override
                          public void rolledBack(
                              ChangeSet changeSet,
                              DatabaseChangeLog changeLog,
                              liquibase.database.Database database) {
                            beginTransaction(liquibase.connection());
                            throw new AssertionError("on purpose");
                          }
                        })));

    assertThat(run.failure()).hasMessage("on purpose");

    scene.probe().awaitUntil(() -> locks().isEmpty(), "the lock is free");
    assertThat(scene.probe().sessions())
        .singleElement()
        .returns("idle", LockProbe.Session::state); // and not in a transaction
    assertThat(scene.database().list(TABLES)).doesNotContain("uncommitted");
  }

  private static void beginTransaction(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE uncommitted ()");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whoever takes it outside of a command may work under it with other threads. */
  @Test
  void shouldHoldADirectlyTakenLockWhenItsThreadHasEnded() throws Exception {
    LocalLiquibase liquibase = liquibase();
    LockService service = liquibase.lockService();

    LiquibaseThread.start(service::waitForLock).finish();

    assertThat(Await.within(Duration.ofMillis(500), () -> locks().isEmpty()))
        .as("released")
        .isFalse();
    service.releaseLock();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldReleaseTheLockWhenTheEndOfTheWorkFailsWithAnError() throws Exception {
    AtomicBoolean failing = new AtomicBoolean();
    Connection connection =
        RewritingConnection.of(
            scene.database().dataSource().getConnection(),
            sql -> {
              if (failing.get()) {
                throw new AssertionError("on purpose");
              }
              return sql;
            });
    try (LocalLiquibase liquibase = withOwnLockSession(LocalLiquibase.on(connection, folder))) {
      liquibase.inScope(() -> liquibase.lockService().waitForLock());
      LockService service = liquibase.lockService();
      failing.set(true);

      assertThat(catchThrowable(service::releaseLock))
          .satisfiesAnyOf(
              failure -> assertThat(failure).hasMessage("on purpose"),
              failure -> assertThat(failure).as("without a rollback, as in 4.27").isNull());

      assertThat(scene.probe().holders(LockKey.MIGRATION.value())).isEmpty();
    }
  }

  private Path inner(String id, String sql) {
    return inner(new Migrations().versioned(id, "inner", sql));
  }

  private Path inner(Migrations migrations) {
    Path inner = folder.resolve("inner");
    migrations.writeTo(inner, Tool.LIQUIBASE);
    return inner;
  }

  @Test
  void shouldHoldTheLockThroughACommandOnTheSameConnection() throws Exception {
    writeOne();
    LocalLiquibase outer = liquibase();
    LocalLiquibase inner =
        LocalLiquibase.on(outer.connection(), inner("2", "CREATE TABLE two (id int)"));
    List<Integer> locksAfterwards = new ArrayList<>();

    outer.update(
        afterAChangeset(
            () -> {
              inner.update();
              locksAfterwards.add(locks().size());
            }));

    assertThat(locksAfterwards).containsExactly(1);
    assertThat(locks()).isEmpty();
    assertThat(scene.database().list(CHANGESETS)).containsExactlyInAnyOrder("1", "2");
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, true", "true, false"})
  void shouldNotWaitForItselfInACommandOnAnotherConnection(boolean outerOwn, boolean innerOwn)
      throws Exception {
    writeOne();
    LocalLiquibase outer = outerOwn ? withOwnLockSession(liquibase()) : liquibase();
    LocalLiquibase inner =
        liquibase(inner("2", "CREATE TABLE two (id int)")).with(SETTINGS + "timeout", "0");
    LocalLiquibase configured = innerOwn ? withOwnLockSession(inner) : inner;
    List<Integer> locksAfterwards = new ArrayList<>();

    outer.update(
        afterAChangeset(
            () -> {
              configured.update();
              locksAfterwards.add(locks().size());
            }));

    assertThat(locksAfterwards)
        .containsExactly(outerOwn ? 2 : 1); // the lock, and the outer session's for its work
    assertThat(locks()).isEmpty();
    assertThat(scene.database().list(CHANGESETS)).containsExactlyInAnyOrder("1", "2");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldStopACommandWithinACommandWhenTheLockIsLost(boolean ownSession) throws Exception {
    writeOne();
    Path others = folder.resolve("others");
    new Migrations().versioned("4", "four", "SELECT 1").writeTo(others, Tool.LIQUIBASE);
    LocalLiquibase outer = ownSession ? withOwnLockSession(liquibase()) : liquibase();
    LocalLiquibase inner =
        liquibase(
            inner(
                new Migrations()
                    .versioned("2", "stop", Brake.SQL)
                    .versioned("3", "three", "CREATE TABLE three (id int)")));
    LocalLiquibase next = liquibase(others);
    try (Brake brake = Brake.on(scene.database())) {
      LiquibaseThread run =
          LiquibaseThread.start(() -> outer.update(afterAChangeset(inner::update)));
      brake.awaitStopped();
      scene.terminateHolder();
      LiquibaseThread nextRun = LiquibaseThread.start(next::update);
      scene
          .probe()
          .awaitUntil(
              () -> next.messages().contains("a session still works for a run that has lost it"),
              "the next one waits for the end of the work");

      brake.release();

      assertThat(run.failure())
          .hasStackTraceContaining("The advisory lock " + LockKey.MIGRATION + " was lost: ")
          .hasStackTraceContaining("57P01");
      nextRun.finish();
    }
    assertThat(scene.database().list(CHANGESETS)).contains("2", "4").doesNotContain("3");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldTakeTheLockOfAnotherDatabaseInACommandWithinACommand() throws Exception {
    writeOne();
    try (Database other = Server.get().freshDatabase();
        Brake brake = Brake.on(other);
        LocalLiquibase inner = liquibase(other, other.owner(), inner("2", Brake.SQL))) {
      LocalLiquibase outer = liquibase();
      LiquibaseThread run =
          LiquibaseThread.start(() -> outer.update(afterAChangeset(inner::update)));

      brake.awaitStopped();

      assertThat(new LockProbe(other).advisoryLocks()).hasSize(1);
      assertThat(locks()).hasSize(1);
      brake.release();
      run.finish();
      assertThat(new LockProbe(other).advisoryLocks()).isEmpty();
      assertThat(locks()).isEmpty();
    }
  }

  @Test
  void shouldReleaseADirectlyTakenLockOnlyWhenAskedDirectly() throws Exception {
    writeOne();
    LocalLiquibase liquibase = liquibase();
    liquibase.lockService().waitForLock();

    liquibase.update();

    assertThat(locks()).hasSize(1);
    liquibase.lockService().releaseLock();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldThrowLiquibasesExceptionWithTheCauseWhenTheLockIsTaken() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase waiter = liquibase().with(SETTINGS + "maxAttempts", "2");

    assertThatThrownBy(() -> waiter.inScope(() -> waiter.lockService().waitForLock()))
        .isInstanceOf(LockException.class)
        .hasMessageStartingWith("Gave up on the advisory lock " + LockKey.MIGRATION)
        .hasMessageContaining("held by pid ")
        .hasCauseInstanceOf(LockTimeoutException.class);
    assertThat(waiter.lockService().acquireLock()).isFalse();
    assertThat(waiter.messages()).contains("Waiting for the advisory lock");
  }

  /**
   * Other than on the command line, which shows no log, such as in Maven, Quarkus and Micronaut.
   */
  @Test
  void shouldNotWriteALineTwiceWhereTheLogIsShown() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase waiter =
        liquibase().with(SETTINGS + "maxAttempts", "2").withLog(new JavaLogService());

    assertThatThrownBy(() -> waiter.inScope(() -> waiter.lockService().waitForLock()))
        .isInstanceOf(LockException.class);

    assertThat(waiter.messages()).isEmpty();
  }

  @Test
  void shouldTakeLiquibasesOwnSettingsForWhatIsNotSet() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase waiter = liquibase().with("liquibase.changelogLockWaitTimeInMinutes", "0");

    assertThatThrownBy(() -> waiter.inScope(() -> waiter.lockService().waitForLock()))
        .isInstanceOf(LockException.class)
        .hasMessageContaining("(1 try in");
  }

  @Test
  void shouldLeaveAtOnceWhenInterrupted() throws Exception {
    LockService holder = liquibase().lockService();
    holder.waitForLock();
    LocalLiquibase waiting = liquibase().with(SETTINGS + "timeout", "none");
    LiquibaseThread waiter =
        LiquibaseThread.start(() -> waiting.inScope(() -> waiting.lockService().waitForLock()));
    awaitWaiter();

    waiter.interrupt();

    assertThat(waiter.failure())
        .isInstanceOf(LockException.class)
        .hasCauseInstanceOf(LockInterruptedException.class);
    assertThat(waiter.wasInterruptedAtTheEnd()).as("interrupt flag").isTrue();
    assertThat(locks()).hasSize(1);
  }

  @Test
  void contract8_shouldRollBackTwoChangesetsWhenTwoReplicasRollBackOneEach() {
    Migrations migrations =
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .rollback("DROP TABLE one")
            .versioned("2", "two", "CREATE TABLE two (id int)")
            .rollback("DROP TABLE two")
            .versioned("3", "three", "SELECT 1")
            .rollback(Brake.SQL);
    scene.replicas().start(replica(migrations)).go().outcome();
    try (Brake brake = Brake.on(scene.database())) {
      Replica first = scene.replicas().start(rollingBackOne(migrations)).go();
      brake.awaitStopped();
      Replica second = scene.replicas().start(rollingBackOne(migrations)).go();
      second.awaitLog("Waiting for the advisory lock");

      brake.release();

      assertThat(first.outcome()).returns(List.of("3"), Outcome::applied);
      assertThat(second.outcome()).returns(List.of("2"), Outcome::applied);
      assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
    }
    scene.probe().awaitNothingLeft();
  }

  private Rollout replica(Migrations migrations) {
    return Rollout.of(Tool.LIQUIBASE, scene.database(), migrations);
  }

  private Rollout rollingBackOne(Migrations migrations) {
    return replica(migrations).command("rollbackCount").argument("count", "1");
  }

  @Test
  void shouldTakeNoLockWhenThereIsNothingToDo() throws Exception {
    writeOne();
    liquibase().update();
    liquibase().lockService().waitForLock();

    liquibase().with(SETTINGS + "timeout", "0").update();

    assertThat(locks()).hasSize(1);
  }

  @Test
  void shouldLeaveTheHistoryTableToTheHolder() throws Exception {
    writeOne();
    liquibase().lockService().waitForLock();

    LocalLiquibase status = liquibase().with(SETTINGS + "timeout", "0");
    status.run("status", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(scene.database().list(TABLES)).isEmpty();
    assertThat(locks()).hasSize(1);
    assertThat(status.output()).contains("1 changeset");
  }

  @Test
  void shouldCreateTheHistoryTableBeforeTheFirstChangesetWhenItCouldNotBefore() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "INSERT INTO databasechangelog SELECT WHERE false")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase waiting = liquibase();
    LiquibaseThread waiter = LiquibaseThread.start(waiting::update);
    awaitWaiter();

    holder.lockService().releaseLock();
    waiter.finish();

    assertThat(scene.database().list(CHANGESETS)).containsExactly("1", "2");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldCreateTheHistoryTableWithoutALockThatStays() throws Exception {
    writeOne();

    liquibase().run("status", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(scene.database().list(TABLES))
        .containsExactly("databasechangelog", "databasechangeloglock");
    assertThat(scene.database().list("SELECT locked FROM databasechangeloglock"))
        .containsExactly("f");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldWaitBeforeItAltersAnOutdatedHistoryTable() throws Exception {
    writeOne();
    LocalLiquibase liquibase = liquibase();
    liquibase.update();
    scene.database().execute("ALTER TABLE databasechangelog DROP COLUMN deployment_id");
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();

    assertThatThrownBy(() -> liquibase.with(SETTINGS + "timeout", "1ms").update())
        .hasMessageContaining("Gave up on the advisory lock");
    holder.lockService().releaseLock();
    liquibase.update();

    assertThat(scene.database().list("SELECT deployment_id FROM databasechangelog"))
        .containsExactly("null");
    assertThat(locks()).isEmpty();
  }
}
