package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A time in which some runners have advisory locks and some have not: tableLock=honour. */
class LiquibaseTableLockIT extends LocalLiquibaseScene {

  private static final int REPLICAS = 3;

  private static final String ROW =
      "SELECT concat_ws(' ', locked, lockedby) FROM databasechangeloglock";

  @BeforeEach
  void writeChangelog() {
    writeOne();
  }

  private LocalLiquibase honouring() {
    return liquibase().with(SETTINGS + "tableLock", "honour");
  }

  /** As a Liquibase without advisory locks does it. */
  private void lockTable(String by) throws Exception {
    LocalLiquibase stock = stock();
    stock.inScope(() -> stock.lockService().waitForLock());
    scene
        .database()
        .execute(
            "UPDATE databasechangeloglock SET locked = true, lockgranted = now(), lockedby = '%s'"
                .formatted(by));
  }

  private LocalLiquibase stock() {
    return liquibase().with(SETTINGS + "active", "false");
  }

  @Test
  void shouldTakeTheRowAndFreeIt() throws Exception {
    write(
        new Migrations()
            .versioned(
                "1",
                "one",
                "CREATE TABLE seen AS SELECT locked, lockedby FROM databasechangeloglock"));

    honouring().update();

    assertThat(scene.database().list("SELECT locked FROM seen")).containsExactly("t");
    assertThat(scene.database().list("SELECT lockedby FROM seen"))
        .singleElement()
        .asString()
        .endsWith(" under advisory lock " + LockKey.MIGRATION.value());
    assertThat(scene.database().list(ROW)).containsExactly("f");
    assertThat(locks()).isEmpty();
  }

  /**
   * Whoever is killed right after the row was taken leaves one that others know to be left over.
   */
  @Test
  void shouldSignTheRowByTheStatementThatTakesIt() throws Exception {
    honouring().update(); // creates the table
    write(new Migrations().versioned("2", "two", "SELECT 1"));
    scene
        .database()
        .execute(
            "CREATE TABLE seen AS SELECT lockedby FROM databasechangeloglock WHERE false",
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS"
                + " 'BEGIN INSERT INTO seen VALUES (NEW.lockedby); RETURN NULL; END'",
            "CREATE TRIGGER see AFTER UPDATE ON databasechangeloglock FOR EACH ROW"
                + " WHEN (NEW.locked) EXECUTE FUNCTION see()");

    honouring().update();

    assertThat(scene.database().list("SELECT lockedby FROM seen"))
        .singleElement()
        .asString()
        .matches(".+ \\(.+\\) under advisory lock " + LockKey.MIGRATION.value());
  }

  /** It will be executed by somebody who does not hold the advisory lock. */
  @Test
  void shouldNotSignTheRowInSqlThatIsOnlyPrinted() throws Exception {
    LocalLiquibase liquibase = honouring();

    liquibase.run("updateSql", Map.of("changelogFile", Migrations.CHANGELOG));

    assertThat(liquibase.output())
        .contains("UPDATE public.databasechangeloglock SET LOCKED = TRUE")
        .doesNotContain("under advisory lock");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldSayWhoseRowItWaitedForInVain() throws Exception {
    lockTable("old-pod (10.0.0.9)");
    LiquibaseThread run =
        LiquibaseThread.start(honouring().with(SETTINGS + "timeout", "300ms")::update);

    assertThat(run.failure())
        .hasStackTraceContaining("it is locked by old-pod (10.0.0.9) since ")
        .hasStackTraceContaining("release-locks with liquibase.advisoryLock.tableLock=honour");
    assertThat(scene.database().list(ROW)).containsExactly("t old-pod (10.0.0.9)");
    assertThat(scene.database().list(TABLES)).doesNotContain("one");
    assertThat(locks()).isEmpty();
  }

  /** Without being woken up it tries for the advisory lock again when the timeout has passed. */
  @Test
  void shouldNotWaitForTheRowWhenTheTimeoutHasPassedBefore() throws Exception {
    lockTable("old-pod (10.0.0.9)");
    LocalLiquibase holder = liquibase();
    holder.lockService().waitForLock();
    LocalLiquibase waiting =
        honouring()
            .with(SETTINGS + "timeout", "5s")
            .with(SETTINGS + "wakeUp", "false")
            .with(SETTINGS + "backoff", "1h")
            .with(SETTINGS + "maxBackoff", "1h");
    LiquibaseThread waiter =
        LiquibaseThread.start(() -> waiting.inScope(() -> waiting.lockService().waitForLock()));
    awaitWaiter();

    holder.lockService().releaseLock();

    assertThat(waiter.failure()).hasStackTraceContaining("it is locked by old-pod (10.0.0.9)");
    assertThat(waiting.messages()).doesNotContain("which is locked by old-pod");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldGoOnWhenTheRowIsFree() throws Exception {
    lockTable("old-pod (10.0.0.9)");
    LocalLiquibase liquibase = honouring();
    LiquibaseThread run = LiquibaseThread.start(liquibase::update);
    scene
        .probe()
        .awaitUntil(
            () -> liquibase.messages().contains("locked by old-pod (10.0.0.9)"), "it waits");
    assertThat(scene.probe().resting(session -> true))
        .isNotEmpty()
        .noneMatch(LockProbe.Session::snapshot);

    scene.database().execute("UPDATE databasechangeloglock SET locked = false");

    run.finish();
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldTakeOverFromARunnerOfItsOwnKindThatWasKilled() throws Exception {
    lockTable("dead-pod (10.0.0.9) under advisory lock " + LockKey.MIGRATION.value());

    honouring().with(SETTINGS + "timeout", "0").update();

    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
    assertThat(scene.database().list(ROW)).containsExactly("f");
  }

  /** Old and new replicas of a rollout, each in a process of its own. */
  @Test
  void shouldNeverWorkAtOnceWithALiquibaseWithoutAdvisoryLocks() {
    Work work = Work.recordIn(scene.database());
    Migrations always =
        new Migrations().everyRun("1 always", Work.BEGIN, Work.TAKE_A_WHILE, Work.END);
    scene.replicas().start(old(always)).go().outcome(); // stock replicas fail on their first start
    scene.replicas().start(REPLICAS, old(always));
    scene
        .replicas()
        .start(
            REPLICAS,
            Rollout.of(Tool.LIQUIBASE, scene.database(), always)
                .setting(SETTINGS + "tableLock", "honour"));

    assertThat(scene.replicas().go().outcomes(Duration.ofMinutes(2))).allMatch(Outcome::ok, "ok");

    assertThat(work.ended()).isEqualTo(1 + 2 * REPLICAS);
    assertThat(work.overlaps()).isEmpty();
    assertThat(scene.database().list(ROW)).containsExactly("f");
    scene.probe().awaitNothingLeft();
  }

  private Rollout old(Migrations migrations) {
    return Rollout.of(Tool.LIQUIBASE, scene.database(), migrations)
        .setting(SETTINGS + "active", "false")
        .setting("liquibase.changelogLockPollRate", "1");
  }

  @Test
  void shouldClearTheRowWhenToldTo() throws Exception {
    lockTable("old-pod (10.0.0.9)");

    honouring().run("releaseLocks", Map.of());

    assertThat(scene.database().list(ROW)).containsExactly("f");
  }

  @Test
  void shouldClearTheRowThatAKilledRunOfItsOwnKindLeft() throws Exception {
    lockTable("dead-pod (10.0.0.9) under advisory lock " + LockKey.MIGRATION.value());

    honouring().run("releaseLocks", Map.of());

    assertThat(scene.database().list(ROW)).containsExactly("f");
    assertThat(locks()).isEmpty();
  }

  /** Otherwise a Liquibase without advisory locks would start beside the run. */
  @Test
  void shouldLeaveTheRowToARunThatHoldsTheAdvisoryLock() throws Exception {
    LocalLiquibase holder = honouring();
    holder.inScope(() -> holder.lockService().waitForLock());
    List<String> row = scene.database().list(ROW);

    honouring().run("releaseLocks", Map.of());

    assertThat(scene.database().list(ROW)).isEqualTo(row).allMatch(text -> text.startsWith("t "));
    assertThat(locks()).hasSize(1);
  }

  /** That key's run may be at work, and what this one holds says nothing about it. */
  @Test
  void shouldLeaveTheRowOfARunWithAnotherKey() throws Exception {
    lockTable("other-pod (10.0.0.9) under advisory lock 42");

    honouring().run("releaseLocks", Map.of());

    assertThat(scene.database().list(ROW))
        .containsExactly("t other-pod (10.0.0.9) under advisory lock 42");
  }

  @Test
  void shouldLetTheTableGoWithAllOthers() throws Exception {
    honouring().update();

    honouring().run("dropAll", Map.of());

    assertThat(scene.database().list(TABLES)).isEqualTo(List.of());
    assertThat(locks()).isEmpty();
  }
}
