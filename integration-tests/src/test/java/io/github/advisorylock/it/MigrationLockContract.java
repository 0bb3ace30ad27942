package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.LockProbe.Session;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the lock promises to the users of either tool, each promise with its number. Replicas are
 * processes of their own, and the database is the witness.
 */
abstract class MigrationLockContract {

  static final int ROLLOUT = 16;
  private static final int WAITERS = 8;

  @RegisterExtension final Scene scene = new Scene();

  /** The tool that has the lock. */
  abstract Tool tool();

  private Rollout with(Migrations migrations) {
    return Rollout.of(tool(), scene.database(), migrations);
  }

  private String holding() {
    return application() + " holds migration";
  }

  private String waiting() {
    return application() + " waits for migration";
  }

  /** How the adapter's sessions and settings begin. */
  private String application() {
    return tool().name().toLowerCase(Locale.ROOT);
  }

  private static Migrations shop() {
    return new Migrations()
        .versioned(
            "1",
            "create customers",
            "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL)",
            "CREATE TABLE applied (version text NOT NULL)",
            "INSERT INTO applied VALUES ('1')")
        .versioned(
            "2",
            "create orders",
            "CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint REFERENCES customers)",
            "INSERT INTO applied VALUES ('2')")
        .nonTransactional(
            "3", "index orders", "CREATE INDEX CONCURRENTLY orders_customer ON orders (customer)")
        .versioned("4", "note it", "INSERT INTO applied VALUES ('4')");
  }

  private static Migrations stopping() {
    return new Migrations()
        .versioned("1", "stop", Brake.SQL, "CREATE TABLE once (id int)")
        .versioned("2", "go on", "CREATE TABLE twice (id int)");
  }

  private void assertNothingIsLeft() {
    assertThat(scene.replicas().all()).allMatch(Replica::isAlive, "alive");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void contract1_shouldApplyEachMigrationOnceWhenManyReplicasStartOnAnEmptyDatabase() {
    scene.replicas().start(ROLLOUT, with(shop()));

    List<Outcome> outcomes = scene.replicas().go().outcomes(Duration.ofMinutes(3));

    assertThat(outcomes).allMatch(Outcome::ok, "ok");
    assertThat(outcomes)
        .extracting(Outcome::applied)
        .filteredOn(applied -> !applied.isEmpty())
        .containsExactly(List.of("1", "2", "3", "4"));
    assertThat(scene.database().list("SELECT version FROM applied ORDER BY version"))
        .containsExactly("1", "2", "4");
    assertNothingIsLeft();
  }

  static Migrations withWorkOnEveryRun() {
    return new Migrations()
        .versioned(
            "1",
            "create views",
            "CREATE TABLE sales (id int)",
            "CREATE MATERIALIZED VIEW total AS SELECT count(*) FROM sales")
        .everyRun("1 begin", Work.BEGIN)
        .everyRun(
            "2 work",
            "GRANT SELECT ON sales TO public",
            "CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS $$ SELECT 42 $$",
            Work.TAKE_A_WHILE,
            "REFRESH MATERIALIZED VIEW total")
        .everyRun("3 end", Work.END);
  }

  @Test
  void contract2_shouldKeepWorkOfEveryRunApartOnAMigratedDatabase() {
    Work work = Work.recordIn(scene.database());
    scene.replicas().start(with(withWorkOnEveryRun())).go().outcome();
    scene.replicas().start(ROLLOUT, with(withWorkOnEveryRun()));

    List<Outcome> outcomes = scene.replicas().go().outcomes(Duration.ofMinutes(3));

    assertThat(outcomes).allMatch(Outcome::ok, "ok");
    assertThat(work.ended()).isEqualTo(1 + ROLLOUT);
    assertThat(work.overlaps()).isEmpty();
    assertNothingIsLeft();
  }

  @Test
  void contract5_shouldGoOnByItselfWhenTheHolderIsKilledInMidMigration() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica holder = scene.replicas().start(with(stopping())).go();
      brake.awaitStopped();
      Replica next = scene.replicas().start(with(stopping())).go();
      next.awaitLog("Waiting for the advisory lock");

      holder.kill();
      brake.release(); // the orphaned statement ends, and is rolled back with its session

      assertThat(next.outcome())
          .returns(true, Outcome::ok)
          .returns(List.of("1", "2"), Outcome::applied);
      scene.probe().awaitNothingLeft();
    }
  }

  @Test
  void contract6_shouldFailWithinTheTimeoutAndNameTheHolder() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica holder = scene.replicas().start(with(stopping())).go();
      brake.awaitStopped();
      Replica waiter =
          scene.replicas().start(with(stopping()).setting(setting("timeout"), "700ms")).go();

      Outcome outcome = waiter.outcome();

      assertThat(brake.stopped()).as("the holder still works").isEqualTo(1);
      assertThat(outcome.ok()).isFalse();
      assertThat(outcome.message())
          .contains("Gave up on the advisory lock " + LockKey.MIGRATION)
          .contains("held by pid ")
          .contains(holding())
          .contains(":" + holder.pid())
          .contains("pg_terminate_backend(");
      assertThat(waiter.log("Waiting for the advisory lock " + LockKey.MIGRATION))
          .filteredOn(line -> line.contains("INFO")) // Liquibase prints messages besides
          .hasSize(1);

      brake.release();
      assertThat(holder.outcome()).returns(true, Outcome::ok);
      assertNothingIsLeft();
    }
  }

  @Test
  void contract6_shouldLeaveAtOnceWhenInterrupted() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica holder = scene.replicas().start(with(stopping())).go();
      brake.awaitStopped();
      Replica waiter =
          scene.replicas().start(with(stopping()).setting(setting("timeout"), "none")).go();
      waiter.awaitLog("Waiting for the advisory lock");

      waiter.interrupt();

      assertThat(waiter.outcome())
          .returns(false, Outcome::ok)
          .extracting(Outcome::message)
          .asString()
          .contains("Interrupted while waiting for the advisory lock");
      assertThat(brake.stopped()).as("the holder still works").isEqualTo(1);
      brake.release();
      assertThat(holder.outcome()).returns(true, Outcome::ok);
      assertNothingIsLeft();
    }
  }

  @Test
  void contract7_shouldCreateIndexConcurrentlyWhileOthersWait() {
    Migrations migrations =
        new Migrations()
            .versioned("1", "create", "CREATE TABLE big AS SELECT generate_series(1, 10000) AS id")
            .versioned("2", "stop", Brake.SQL)
            .nonTransactional("3", "index", "CREATE INDEX CONCURRENTLY big_id ON big (id)");
    try (Brake brake = Brake.on(scene.database())) {
      Replica holder = scene.replicas().start(with(migrations)).go();
      brake.awaitStopped();
      scene.replicas().start(WAITERS, with(migrations));
      scene.replicas().go();
      scene
          .probe()
          .awaitUntil(() -> sessionsNamed(waiting()).size() == WAITERS, WAITERS + " replicas wait");
      assertThat(scene.probe().resting(session -> session.application().startsWith(waiting())))
          .noneMatch(Session::snapshot);

      brake.release();

      assertThat(holder.outcome()).returns(List.of("1", "2", "3"), Outcome::applied);
      assertThat(scene.replicas().outcomes()).allMatch(Outcome::ok, "ok");
      assertThat(scene.database().count(VALID_INDEXES.formatted("big_id"))).isEqualTo(1);
      assertNothingIsLeft();
    }
  }

  static final String VALID_INDEXES =
      "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass('%s')";

  private List<Session> sessionsNamed(String start) {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().startsWith(start))
        .toList();
  }

  /** A setting of the lock, as the tool under test calls it. */
  final String setting(String name) {
    return application() + ".advisoryLock." + name;
  }
}
