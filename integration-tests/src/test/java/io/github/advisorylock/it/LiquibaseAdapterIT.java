package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.LockInterruptedException;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockTimeoutException;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.visitor.AbstractChangeExecListener;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.exception.LockException;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.resource.ClassLoaderResourceAccessor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Liquibase does to its lock services, and what its users do to Liquibase. */
class LiquibaseAdapterIT {

  private static final String SETTINGS = "liquibase.advisoryLock.";
  private static final String LOCK_TABLES =
      "SELECT count(*) FROM pg_tables WHERE tablename = 'databasechangeloglock'";
  private static final String TABLES =
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
  private static final String CHANGESETS =
      "SELECT id FROM databasechangelog ORDER BY orderexecuted";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final List<LocalLiquibase> opened = new ArrayList<>();

  @AfterEach
  void closeConnections() {
    opened.forEach(LocalLiquibase::close);
  }

  /** Liquibase on a connection of its own. */
  private LocalLiquibase liquibase() {
    return liquibase(folder);
  }

  private LocalLiquibase liquibase(Path changelogs) {
    return track(
        LocalLiquibase.on(connect(scene.database(), scene.database().owner()), changelogs));
  }

  private LocalLiquibase liquibaseAs(Login login) {
    return track(LocalLiquibase.on(connect(scene.database(), login), folder));
  }

  /** A session that {@link LockProbe#sessions()} shows. */
  private static Connection connect(io.github.advisorylock.it.Database database, Login login) {
    try {
      return DriverManager.getConnection(database.url("local"), login.user(), login.password());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private LocalLiquibase track(LocalLiquibase liquibase) {
    opened.add(liquibase);
    return liquibase;
  }

  private void write(Migrations migrations) {
    migrations.writeTo(folder, Tool.LIQUIBASE);
  }

  private List<AdvisoryLockRow> locks() {
    return scene.probe().advisoryLocks();
  }

  private static void resetAllOnAnotherThread() throws Exception {
    inBackground(
            () -> {
              LockServiceFactory.getInstance().resetAll();
              return null;
            })
        .join();
  }

  private static Background inBackground(Callable<?> task) {
    Background background = new Background(task);
    background.start();
    return background;
  }

  /** A thread that can be interrupted, and says how it ended. */
  private static final class Background extends Thread {
    private final Callable<?> task;
    private volatile Throwable failure;
    private volatile boolean interruptedAtTheEnd;

    Background(Callable<?> task) {
      super("background");
      this.task = task;
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        task.call();
      } catch (Throwable e) {
        failure = e;
      }
      interruptedAtTheEnd = isInterrupted();
    }

    /** Waits for the thread, and fails if it did. */
    void finish() throws Exception {
      join(Await.DEADLINE.toMillis());
      assertThat(isAlive()).as("still running").isFalse();
      if (failure != null) {
        throw new AssertionError(failure);
      }
    }
  }

  // ---- the four traps -------------------------------------------------------------------------

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
  void shouldLeaveNoTransactionAndNoName() throws Exception {
    LocalLiquibase liquibase = liquibase();
    String before = "SELECT state FROM pg_stat_activity WHERE application_name LIKE 'liquibase%'";

    liquibase.lockService().waitForLock();
    liquibase.lockService().releaseLock();

    assertThat(scene.database().list(before)).isEmpty();
    assertThat(
            scene
                .database()
                .count(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND state LIKE 'idle in transaction%'"))
        .isZero();
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
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    liquibase().update();
    try (Brake brake = Brake.on(scene.database())) {
      write(
          new Migrations()
              .versioned("1", "one", "CREATE TABLE one (id int)")
              .versioned("2", "stop", Brake.SQL));
      LocalLiquibase working = liquibase();
      LocalLiquibase upToDate = liquibase(upToDate());
      Background worker =
          inBackground(
              () -> {
                working.update();
                return null;
              });
      brake.awaitStopped();

      upToDate.update();

      assertThat(locks()).hasSize(1);
      brake.release();
      worker.finish();
      assertThat(locks()).isEmpty();
    }
  }

  /** A changelog of which everything has been run. */
  private Path upToDate() {
    Path other = folder.resolve("other");
    new Migrations()
        .versioned("1", "one", "CREATE TABLE one (id int)")
        .writeTo(other, Tool.LIQUIBASE);
    return other;
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
    liquibase.run("rollbackCount", Map.of("changelogFile", Migrations.CHANGELOG, "count", 1));
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

  private LocalLiquibase withOwnLockSession(LocalLiquibase liquibase) {
    return liquibase
        .with(SETTINGS + "url", scene.database().url())
        .with(SETTINGS + "user", scene.database().user())
        .with(SETTINGS + "password", scene.database().password());
  }

  // ---- commands within commands ---------------------------------------------------------------

  /** Runs something after the first changeset of a run. */
  private static Map<String, Object> afterAChangeset(Callable<?> task) {
    return Map.of(
        "changeExecListener",
        new AbstractChangeExecListener() {
          @Override
          public void ran(
              ChangeSet changeSet,
              DatabaseChangeLog changeLog,
              Database database,
              ChangeSet.ExecType execType) {
            try {
              task.call();
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });
  }

  private Path inner(String id, String sql) {
    Path inner = folder.resolve("inner");
    new Migrations().versioned(id, "inner", sql).writeTo(inner, Tool.LIQUIBASE);
    return inner;
  }

  @Test
  void shouldHoldTheLockThroughACommandOnTheSameConnection() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase outer = liquibase();
    LocalLiquibase inner =
        LocalLiquibase.on(outer.connection(), inner("2", "CREATE TABLE two (id int)"));
    List<Integer> locksAfterwards = new ArrayList<>();

    outer.update(
        afterAChangeset(
            () -> {
              inner.update();
              return locksAfterwards.add(locks().size());
            }));

    assertThat(locksAfterwards).containsExactly(1);
    assertThat(locks()).isEmpty();
    assertThat(scene.database().list(CHANGESETS)).containsExactlyInAnyOrder("1", "2");
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, true", "true, false"})
  void shouldNotWaitForItselfInACommandOnAnotherConnection(boolean outerOwn, boolean innerOwn)
      throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase outer = outerOwn ? withOwnLockSession(liquibase()) : liquibase();
    LocalLiquibase inner =
        liquibase(inner("2", "CREATE TABLE two (id int)")).with(SETTINGS + "timeout", "0");
    LocalLiquibase configured = innerOwn ? withOwnLockSession(inner) : inner;
    List<Integer> locksAfterwards = new ArrayList<>();

    outer.update(
        afterAChangeset(
            () -> {
              configured.update();
              return locksAfterwards.add(locks().size());
            }));

    assertThat(locksAfterwards).containsExactly(1);
    assertThat(locks()).isEmpty();
    assertThat(scene.database().list(CHANGESETS)).containsExactlyInAnyOrder("1", "2");
  }

  @Test
  void shouldTakeTheLockOfAnotherDatabaseInACommandWithinACommand() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    try (io.github.advisorylock.it.Database other = Server.get().freshDatabase();
        Brake brake = Brake.on(other);
        LocalLiquibase inner =
            LocalLiquibase.on(connect(other, other.owner()), inner("2", Brake.SQL))) {
      LocalLiquibase outer = liquibase();
      Background run =
          inBackground(
              () -> {
                outer.update(
                    afterAChangeset(
                        () -> {
                          inner.update();
                          return null;
                        }));
                return null;
              });

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
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase liquibase = liquibase();
    liquibase.lockService().waitForLock();

    liquibase.update();

    assertThat(locks()).hasSize(1);
    liquibase.lockService().releaseLock();
    assertThat(locks()).isEmpty();
  }

  // ---- waiting --------------------------------------------------------------------------------

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
    Background waiter =
        inBackground(
            () -> {
              waiting.inScope(() -> waiting.lockService().waitForLock());
              return null;
            });
    scene
        .probe()
        .awaitUntil(
            () ->
                scene.probe().sessions().stream()
                    .anyMatch(session -> session.application().startsWith("liquibase waits for")),
            "the waiter waits");

    waiter.interrupt();
    waiter.join(Await.DEADLINE.toMillis());

    assertThat(waiter.failure)
        .isInstanceOf(LockException.class)
        .hasCauseInstanceOf(LockInterruptedException.class);
    assertThat(waiter.interruptedAtTheEnd).as("interrupt flag").isTrue();
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

  // ---- the history table ----------------------------------------------------------------------

  @Test
  void shouldTakeNoLockWhenThereIsNothingToDo() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    liquibase().update();
    liquibase().lockService().waitForLock();

    liquibase().with(SETTINGS + "timeout", "0").update();

    assertThat(locks()).hasSize(1);
  }

  @Test
  void shouldLeaveTheHistoryTableToTheHolder() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
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
    Background waiter =
        inBackground(
            () -> {
              waiting.update();
              return null;
            });
    scene
        .probe()
        .awaitUntil(
            () ->
                scene.probe().sessions().stream()
                    .anyMatch(session -> session.application().startsWith("liquibase waits for")),
            "the waiter waits");

    holder.lockService().releaseLock();
    waiter.finish();

    assertThat(scene.database().list(CHANGESETS)).containsExactly("1", "2");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldCreateTheHistoryTableWithoutALockThatStays() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));

    liquibase().run("status", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(scene.database().list(TABLES)).containsExactly("databasechangelog");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldWaitBeforeItAltersAnOutdatedHistoryTable() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
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

  // ---- commands about locks -------------------------------------------------------------------

  @Test
  void shouldListTheHolder() throws Exception {
    LocalLiquibase holder = liquibase();
    LocalLiquibase asking = liquibase().with(SETTINGS + "timeout", "0");
    asking.run("listLocks", Map.of());
    assertThat(asking.output()).contains("No locks");
    holder.lockService().waitForLock();

    asking.run("listLocks", Map.of());
    DatabaseChangeLogLock[] listed = asking.lockService().listLocks();

    int pid = scene.probe().holders(LockKey.MIGRATION.value()).get(0).pid();
    assertThat(asking.output())
        .contains("pid " + pid + " [liquibase holds migration")
        .contains("user " + scene.database().user());
    assertThat(listed).singleElement().returns(pid, DatabaseChangeLogLock::getId);
    assertThat(listed[0].getLockedBy()).contains("liquibase holds migration");
    assertThat(listed[0].getLockGranted()).isBeforeOrEqualTo(java.time.Instant.now());
  }

  @Test
  void shouldListTheHolderWithoutAHistoryTableAndWithoutWaiting() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase asking = liquibase().with(SETTINGS + "timeout", "none");

    asking.run("listLocks", Map.of());

    assertThat(asking.output()).contains("liquibase holds migration");
  }

  @Test
  void shouldEndTheHoldersSessionOnReleaseLocks() throws Exception {
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase asking = liquibase();

    asking.run("releaseLocks", Map.of());

    assertThat(locks()).isEmpty();
    assertThat(asking.messages())
        .contains("Ended the session that held the advisory lock " + LockKey.MIGRATION)
        .contains("liquibase holds migration");
    assertThat(asking.connection().isValid(1)).isTrue();
    assertThat(holder.connection().isValid(1)).isFalse();
  }

  @Test
  void shouldSayOnReleaseLocksThatNobodyHoldsTheLock() throws Exception {
    LocalLiquibase asking = liquibase();

    asking.run("releaseLocks", Map.of());

    assertThat(asking.messages()).contains("Nobody holds the advisory lock " + LockKey.MIGRATION);
  }

  @Test
  void shouldReleaseItsOwnLockOnReleaseLocksWithoutEndingItself() throws Exception {
    LocalLiquibase liquibase = liquibase();
    liquibase.lockService().waitForLock();

    liquibase.run("releaseLocks", Map.of());

    assertThat(locks()).isEmpty();
    assertThat(liquibase.connection().isValid(1)).isTrue();
  }

  @Test
  void shouldSayWhoHoldsTheLockAndWhoMayEndItWhenTheRoleMayNot() throws Exception {
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    Login stranger = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    LocalLiquibase asking = liquibaseAs(stranger);
    int pid = locks().get(0).pid();

    asking.run("listLocks", Map.of());
    assertThat(asking.output()).contains("pid " + pid + " [liquibase holds migration");

    assertThatThrownBy(() -> asking.run("releaseLocks", Map.of()))
        .hasMessageContaining("is held by pid " + pid + " [liquibase holds migration")
        .hasMessageContaining("the role " + stranger.user() + " may not end")
        .hasMessageContaining("select pg_terminate_backend(" + pid + ");");
    assertThat(locks()).hasSize(1);
    assertThat(holder.connection().isValid(1)).isTrue();
  }

  @Test
  void shouldEndTheSessionOfAnotherRunOfTheSameRole() throws Exception {
    Login role = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    liquibaseAs(role).lockService().waitForLock();

    liquibaseAs(role).run("releaseLocks", Map.of());

    assertThat(locks()).isEmpty();
  }

  // ---- Liquibase's own lock -------------------------------------------------------------------

  private void leaveOldTableLock() throws Exception {
    LocalLiquibase stock = liquibase().with(SETTINGS + "active", "false");
    stock.inScope(
        () -> {
          LockServiceFactory.reset();
          stock.lockService().waitForLock();
          LockServiceFactory.reset();
        });
    assertThat(locks()).isEmpty();
    assertThat(scene.database().list("SELECT locked FROM databasechangeloglock"))
        .containsExactly("t");
  }

  @Test
  void shouldWarnOnceOfAnOldLockedRowAndGoOn() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    leaveOldTableLock();
    String lockedBy = scene.database().list("SELECT lockedby FROM databasechangeloglock").get(0);
    LocalLiquibase liquibase = liquibase();

    liquibase.update();

    assertThat(liquibase.messages())
        .containsOnlyOnce("databasechangeloglock says that it has been locked by " + lockedBy)
        .contains("The advisory lock does not look at it")
        .contains("release-locks and liquibase.advisoryLock.active=false");
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1", "2");
  }

  @Test
  void shouldClearAnOldLockedRowAsTheWarningSays() throws Exception {
    leaveOldTableLock();

    liquibase().with(SETTINGS + "active", "false").run("releaseLocks", Map.of());

    assertThat(scene.database().list("SELECT locked FROM databasechangeloglock"))
        .containsExactly("f");
  }

  @Test
  void shouldSayNothingOfAnOldRowThatIsNotLocked() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    leaveOldTableLock();
    scene.database().execute("UPDATE databasechangeloglock SET locked = false");
    LocalLiquibase liquibase = liquibase();

    liquibase.update();

    assertThat(liquibase.messages()).doesNotContain("says that it has been locked");
  }

  @Test
  void shouldDropAnOldLockTableWithEverythingElse() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    leaveOldTableLock();
    LocalLiquibase liquibase = liquibase();
    liquibase.update();

    liquibase.run("dropAll", Map.of());

    assertThat(scene.database().list(TABLES)).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldDropNothingFromAnEmptyDatabase() throws Exception {
    liquibase().run("dropAll", Map.of());

    assertThat(scene.database().list(TABLES)).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldLeaveLiquibaseAloneWhenNotActive() throws Exception {
    write(new Migrations().versioned("1", "stop", Brake.SQL));
    LocalLiquibase stock = liquibase().with(SETTINGS + "active", "false");
    try (Brake brake = Brake.on(scene.database())) {
      Background run =
          inBackground(
              () -> {
                stock.update();
                return null;
              });
      brake.awaitStopped();

      assertThat(locks()).isEmpty();
      assertThat(scene.database().list("SELECT locked FROM databasechangeloglock"))
          .containsExactly("t");
      brake.release();
      run.finish();
    }
  }

  // ---- other databases ------------------------------------------------------------------------

  @Test
  void shouldLeaveAnOfflineDatabaseToLiquibase() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    Database offline =
        DatabaseFactory.getInstance()
            .openDatabase(
                "offline:postgresql?version=16.0&changeLogFile=" + folder.resolve("history.csv"),
                null,
                null,
                null,
                new ClassLoaderResourceAccessor());

    LockService service = LockServiceFactory.getInstance().getLockService(offline);

    assertThat(service.getClass().getName()).startsWith("liquibase.");
    service.waitForLock();
    service.releaseLock();
  }

  @Test
  void shouldLeaveH2ToLiquibase() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    try (var connection = DriverManager.getConnection("jdbc:h2:mem:");
        LocalLiquibase liquibase =
            LocalLiquibase.on(connection, folder).with(SETTINGS + "tableLock", "nonsense")) {
      liquibase.update();

      assertThat(liquibase.lockService().getClass().getName()).startsWith("liquibase.");
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery("SELECT count(*) FROM databasechangeloglock")) {
        assertThat(rows.next() && rows.getInt(1) == 1).as("its lock table").isTrue();
      }
    }
  }

  // ---- SQL instead of changes -----------------------------------------------------------------

  @Test
  void shouldPrintSqlWithoutLockTable() throws Exception {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase liquibase = liquibase();

    liquibase.run("updateSql", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(liquibase.output())
        .containsOnlyOnce("CREATE TABLE public.databasechangelog ")
        .contains("CREATE TABLE one (id int)")
        .doesNotContainIgnoringCase("databasechangeloglock")
        .doesNotContainIgnoringCase("advisory");
    assertThat(scene.database().list(TABLES)).doesNotContain("one", "databasechangeloglock");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldPrintSqlOfFutureRollbacks() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .rollback("DROP TABLE one"));
    LocalLiquibase liquibase = liquibase();

    liquibase.run("futureRollbackSql", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(liquibase.output())
        .contains("DROP TABLE one")
        .doesNotContainIgnoringCase("databasechangeloglock");
    assertThat(locks()).isEmpty();
  }

  // ---- settings -------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "active     | maybe         | true or false",
        "key        | 9223372036854775808 | a whole number from",
        "scope      | table         | database or schema",
        "timeout    | soon          | a duration from 0",
        "maxAttempts| 0             | a whole number from 1",
        "backoff    | 0             | a duration from 1 ms",
        "backoffStep| -1s           | a duration from 0",
        "maxBackoff | 1 day         | a duration from 1 ms",
        "url        | localhost     | a JDBC URL",
        "user       | me            | left out when url is not set",
        "tableLock  | honour        | warn",
      })
  void shouldRejectAValueThatCannotBeUsedBeforeTheDatabaseIsTouched(
      String name, String value, String allowed) {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase liquibase = liquibase().with(SETTINGS + name, value);

    assertThatThrownBy(liquibase::update)
        .hasMessageContaining(SETTINGS + name + " is '" + value + "', but must be " + allowed);

    assertThat(scene.database().list(TABLES)).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldNotShowThePasswordOfARejectedConnection() {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    LocalLiquibase liquibase = liquibase().with(SETTINGS + "password", "geheim");

    assertThatThrownBy(liquibase::update)
        .hasMessageContaining("liquibase.advisoryLock.password is '***'")
        .hasStackTraceContaining("left out when url is not set")
        .satisfies(
            e ->
                assertThat(Arrays.stream(e.getSuppressed()).map(Throwable::toString))
                    .noneMatch(line -> line.contains("geheim")));
  }

  @Test
  void shouldKeepSchemasApartWithScopeSchema() throws Exception {
    scene.database().execute("CREATE SCHEMA one", "CREATE SCHEMA two");
    LocalLiquibase one = liquibase().with(SETTINGS + "scope", "schema");
    LocalLiquibase two =
        liquibase().with(SETTINGS + "scope", "schema").with(SETTINGS + "timeout", "0");
    LocalLiquibase alsoOne =
        liquibase().with(SETTINGS + "scope", "schema").with(SETTINGS + "timeout", "0");
    one.database().setDefaultSchemaName("one");
    two.database().setDefaultSchemaName("two");
    alsoOne.database().setDefaultSchemaName("one");

    one.inScope(() -> one.lockService().waitForLock());
    assertThatCode(() -> two.inScope(() -> two.lockService().waitForLock()))
        .doesNotThrowAnyException();

    assertThat(locks())
        .extracting(AdvisoryLockRow::key)
        .containsExactlyInAnyOrder(
            LockKey.MIGRATION.within("one").value(), LockKey.MIGRATION.within("two").value());
    assertThatThrownBy(() -> alsoOne.inScope(() -> alsoOne.lockService().waitForLock()))
        .isInstanceOf(LockException.class);
  }

  @Test
  void shouldWorkInTheDefaultSchemaAfterTheLockIsTaken() throws Exception {
    scene.database().execute("CREATE SCHEMA app");
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LocalLiquibase liquibase = liquibase();
    liquibase.database().setDefaultSchemaName("app");

    liquibase.update();

    assertThat(scene.database().list("SELECT tablename FROM pg_tables WHERE schemaname = 'app'"))
        .contains("one", "two");
    assertThat(scene.database().count(LOCK_TABLES)).isZero();
  }

  /** Not used, but part of what a test folder may hold. */
  @Test
  void shouldReleaseWhenTheChangelogIsMissing() throws Exception {
    Files.createDirectories(folder);

    assertThatThrownBy(liquibase()::update).hasStackTraceContaining(Migrations.CHANGELOG);

    assertThat(locks()).isEmpty();
  }
}
