package io.github.advisorylock.it;

import static java.lang.Thread.currentThread;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.sql.DriverManager;
import java.time.Instant;
import java.util.Map;
import liquibase.database.DatabaseFactory;
import liquibase.exception.LockException;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.resource.ClassLoaderResourceAccessor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Liquibase's commands about locks, its own lock table, databases that are none of ours, and
 * settings.
 */
class LiquibaseCommandsIT extends LocalLiquibaseScene {

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
  }

  @Test
  void shouldListTheHolderWithoutAHistoryTableAndWithoutWaiting() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase asking = liquibase().with(SETTINGS + "timeout", "none");

    asking.run("listLocks", Map.of());

    assertThat(asking.output()).contains("liquibase holds migration");
  }

  @Test
  void shouldReportTheHolderOnReleaseLocksAndLeaveItAlone() throws Exception {
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase asking = liquibase();
    int pid = locks().get(0).pid();

    asking.run("releaseLocks", Map.of());

    assertThat(asking.messages())
        .contains(
            "The advisory lock " + LockKey.MIGRATION + " was not released: held by pid " + pid)
        .contains("liquibase holds migration")
        .contains("connected since")
        .contains("idle")
        .contains("release-locks with liquibase.advisoryLock.forceRelease=terminate")
        .contains("select pg_catalog.pg_terminate_backend(" + pid + ")");
    assertThat(locks()).singleElement().returns(pid, AdvisoryLockRow::pid);
    assertThat(holder.connection().isValid(1)).isTrue();
    assertThat(holder.lockService().hasChangeLogLock()).isTrue();
  }

  @Test
  void shouldSucceedOnReleaseLocksWhereTheHolderIsHidden() throws Exception {
    liquibase().lockService().waitForLock();
    Login stranger = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    LocalLiquibase asking = liquibaseAs(stranger);
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM public");

    asking.run("releaseLocks", Map.of());

    assertThat(asking.messages())
        .contains("Could not determine the holder of the advisory lock " + LockKey.MIGRATION)
        .contains("pg_stat_activity");
    assertThat(locks()).hasSize(1);
  }

  private LocalLiquibase terminating(LocalLiquibase liquibase) {
    return liquibase.with(SETTINGS + "forceRelease", "terminate");
  }

  @Test
  void shouldEndTheHoldersSessionWhenToldTo() throws Exception {
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase asking = terminating(liquibase());

    asking.run("releaseLocks", Map.of());

    assertThat(locks()).isEmpty();
    assertThat(asking.messages())
        .contains("Ended the session that held the advisory lock " + LockKey.MIGRATION)
        .contains("liquibase holds migration");
    assertThat(asking.connection().isValid(1)).isTrue();
    assertThat(holder.connection().isValid(1)).isFalse();
  }

  @Test
  void shouldEndTheHoldersSessionWhenSomebodyWaitsToBeNext() throws Exception {
    writeOne();
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase waiting = liquibase();
    LiquibaseThread waiter =
        LiquibaseThread.start(() -> waiting.inScope(() -> waiting.lockService().waitForLock()));
    awaitWaiter();

    terminating(liquibase()).run("releaseLocks", Map.of());
    waiter.finish();

    assertThat(waiting.lockService().hasChangeLogLock()).isTrue();
    assertThat(holder.connection().isValid(1)).isFalse();
  }

  @Test
  void shouldReportOnReleaseLocksThatTheLockIsFree() throws Exception {
    LocalLiquibase asking = liquibase();

    asking.run("releaseLocks", Map.of());

    assertThat(asking.messages())
        .contains("The advisory lock " + LockKey.MIGRATION + " is not held");
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
    LocalLiquibase asking = terminating(liquibaseAs(stranger));
    int pid = locks().get(0).pid();

    asking.run("listLocks", Map.of());
    assertThat(asking.output()).contains("pid " + pid + " [liquibase holds migration");

    assertThatThrownBy(() -> asking.run("releaseLocks", Map.of()))
        .hasMessageContaining("is held by pid " + pid + " [liquibase holds migration")
        .hasMessageContaining("the role " + stranger.user() + " may not end")
        .hasMessageContaining("select pg_catalog.pg_terminate_backend(" + pid + ");");
    assertThat(locks()).hasSize(1);
    assertThat(holder.connection().isValid(1)).isTrue();
  }

  @Test
  void shouldEndTheSessionOfAnotherRunOfTheSameRole() throws Exception {
    Login role = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    liquibaseAs(role).lockService().waitForLock();

    terminating(liquibaseAs(role)).run("releaseLocks", Map.of());

    assertThat(locks()).isEmpty();
  }

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

  @ParameterizedTest
  @ValueSource(strings = {"ledger", "LEDGER"})
  void shouldWarnOfAnOldLockedRowInASchemaOfItsOwn(String schema) throws Exception {
    String setting = "liquibase.liquibaseSchemaName";
    scene.database().execute("CREATE SCHEMA ledger");
    LocalLiquibase stock = liquibase().with(SETTINGS + "active", "false").with(setting, schema);
    stock.inScope(() -> stock.lockService().waitForLock());
    assertThat(scene.database().list("SELECT locked FROM ledger.databasechangeloglock"))
        .containsExactly("t");
    LocalLiquibase liquibase = liquibase().with(setting, schema);

    liquibase.inScope(() -> liquibase.lockService().waitForLock());

    assertThat(liquibase.messages()).contains("says that it has been locked by");
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
    writeOne();
    leaveOldTableLock();
    scene.database().execute("UPDATE databasechangeloglock SET locked = false");
    LocalLiquibase liquibase = liquibase();

    liquibase.update();

    assertThat(liquibase.messages()).doesNotContain("says that it has been locked");
  }

  @Test
  void shouldDropAnOldLockTableWithEverythingElse() throws Exception {
    writeOne();
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

  /** Rights are granted on it, and preconditions ask for it. */
  @Test
  void shouldCreateTheLockTableAlongWithTheHistory() throws Exception {
    write(
        new Migrations().versioned("1", "one", "GRANT SELECT ON databasechangeloglock TO public"));

    liquibase().update();

    assertThat(scene.database().list("SELECT id || ' ' || locked FROM databasechangeloglock"))
        .containsExactly("1 false");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldNotAddTheLockTableToAnExistingHistory() throws Exception {
    writeOne();
    liquibase().update();
    scene.database().execute("DROP TABLE databasechangeloglock");
    write(new Migrations().versioned("2", "two", "CREATE TABLE two (id int)"));

    liquibase().update();
    scene.database().execute("ALTER TABLE databasechangelog DROP COLUMN deployment_id");
    liquibase().run("status", Map.of("changelogFile", Migrations.CHANGELOG));
    liquibase().run("tag", Map.of("tag", "v1"));
    liquibase().run("updateSql", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(scene.database().list(TABLES)).containsExactly("databasechangelog", "one", "two");
  }

  @Test
  void shouldLeaveLiquibaseAloneWhenNotActive() throws Exception {
    write(new Migrations().versioned("1", "stop", Brake.SQL));
    LocalLiquibase stock = liquibase().with(SETTINGS + "active", "false");
    try (Brake brake = Brake.on(scene.database())) {
      LiquibaseThread run = LiquibaseThread.start(stock::update);
      brake.awaitStopped();

      assertThat(locks()).isEmpty();
      assertThat(scene.database().list("SELECT locked FROM databasechangeloglock"))
          .containsExactly("t");
      brake.release();
      run.finish();
    }
  }

  @Test
  void shouldLeaveAnOfflineDatabaseToLiquibase() throws Exception {
    writeOne();
    liquibase.database.Database offline =
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
    writeOne();
    try (var connection = DriverManager.getConnection("jdbc:h2:mem:");
        LocalLiquibase liquibase = LocalLiquibase.on(connection, folder)) {
      liquibase.update();

      assertThat(liquibase.lockService().getClass().getName()).startsWith("liquibase.");
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery("SELECT count(*) FROM databasechangeloglock")) {
        assertThat(rows.next() && rows.getInt(1) == 1).as("its lock table").isTrue();
      }
    }
  }

  @Test
  void shouldRefuseSettingsOfTheLockForH2() throws Exception {
    writeOne();
    try (var connection = DriverManager.getConnection("jdbc:h2:mem:");
        LocalLiquibase liquibase =
            LocalLiquibase.on(connection, folder).with(SETTINGS + "timeout", "1m")) {
      assertThatThrownBy(liquibase::update)
          .hasStackTraceContaining(
              SETTINGS + "* is set, but the database is not PostgreSQL (it says H2), and has no");

      liquibase.with(SETTINGS + "active", "false").update();

      assertThat(liquibase.lockService().getClass().getName()).startsWith("liquibase.");
    }
  }

  @Test
  void shouldPrintSqlThatCreatesBothTablesAndLocksNothing() throws Exception {
    writeOne();
    LocalLiquibase liquibase = liquibase();

    liquibase.run("updateSql", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(liquibase.output())
        .containsOnlyOnce("CREATE TABLE public.databasechangelog ")
        .containsOnlyOnce("CREATE TABLE public.databasechangeloglock ")
        .contains("CREATE TABLE one (id int)")
        .doesNotContain("LOCKED = ")
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

    assertThat(liquibase.output()).contains("DROP TABLE one").doesNotContain("LOCKED = ");
    assertThat(locks()).isEmpty();
  }

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
        "tableLock  | respect       | warn or honour",
        "forceRelease | kill        | report or terminate",
      })
  void shouldRejectAValueThatCannotBeUsedBeforeTheDatabaseIsTouched(
      String name, String value, String allowed) {
    writeOne();
    LocalLiquibase liquibase = liquibase().with(SETTINGS + name, value);

    assertThatThrownBy(liquibase::update)
        .hasMessageContaining(SETTINGS + name + " is '" + value + "', but must be " + allowed);

    assertThat(scene.database().list(TABLES)).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldNotShowThePasswordOfARejectedConnection() {
    writeOne();
    LocalLiquibase liquibase = liquibase().with(SETTINGS + "password", "geheim");

    assertThatThrownBy(liquibase::update)
        .hasMessageContaining("password is '***', but must be left out when url is not set")
        .hasMessageNotContaining("geheim");
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
  void shouldReportThatARunOfItsOwnProcessHoldsTheLock() throws Exception {
    liquibase().lockService().waitForLock();
    LocalLiquibase waiting = liquibase().with(SETTINGS + "timeout", "300ms");

    LiquibaseThread run =
        LiquibaseThread.start(() -> waiting.inScope(() -> waiting.lockService().waitForLock()));

    assertThat(run.failure())
        .hasMessageContaining("another run of this process, on thread " + currentThread().getName())
        .hasMessageContaining("scope=schema")
        .hasMessageNotContaining("pg_terminate_backend");
    assertThat(waiting.messages()).contains("another run of this process");
  }

  @Test
  void shouldReportThatItWaitsForItself() {
    assertThatThrownBy(
            () -> {
              liquibase().lockService().waitForLock();
              LocalLiquibase inner = liquibase().with(SETTINGS + "timeout", "0");
              inner.inScope(() -> inner.lockService().waitForLock());
            })
        .hasMessageContaining("That is this thread itself")
        .hasMessageNotContaining("pg_terminate_backend");
  }

  /** The same process, so that the times can be compared; the session is older than the lock. */
  @Test
  void shouldListWhenTheLockWasTaken() throws Exception {
    LocalLiquibase holder = liquibase();
    LocalLiquibase asking = liquibase();
    Instant connected = Instant.now();
    holder.lockService().waitForLock();
    Instant taken = Instant.now();
    scene.probe().awaitUntil(() -> Instant.now().isAfter(taken.plusMillis(50)), "time has passed");

    Instant granted = asking.lockService().listLocks()[0].getLockGranted().toInstant();

    assertThat(granted).isBetween(connected.minusMillis(1), taken.plusMillis(1));
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
  }
}
