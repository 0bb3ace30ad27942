package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A rollout in which old replicas have liquibase-sessionlock and new ones have our lock. */
class SessionlockIT {
  private static final Manual PAGE = Manual.page("migrating.md");

  @RegisterExtension final Scene scene = new Scene();

  private static Path sessionlock() {
    return Path.of(System.getProperty("sessionlockJar"));
  }

  private static Migrations first() {
    return new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
  }

  private Rollout old(Migrations migrations) {
    return Rollout.stock(Tool.LIQUIBASE, scene.database(), migrations).withJar(sessionlock());
  }

  private Rollout current(Migrations migrations) {
    return Rollout.of(Tool.LIQUIBASE, scene.database(), migrations);
  }

  @Test
  void shouldWinWhereBothAreOnTheClassPath() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica both =
          scene
              .replicas()
              .start(
                  current(new Migrations().versioned("1", "stop", Brake.SQL))
                      .alsoWith(sessionlock()))
              .go();
      brake.awaitStopped();

      assertThat(scene.probe().advisoryLocks())
          .singleElement()
          .returns(LockKey.MIGRATION.value(), AdvisoryLockRow::key)
          .returns(true, AdvisoryLockRow::bigint);
      brake.release();
      assertThat(both.outcome()).returns(true, Outcome::ok);
    }
  }

  @Test
  void shouldNotBeSeenBySessionlock() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica old =
          scene.replicas().start(old(new Migrations().versioned("1", "old", Brake.SQL))).go();
      brake.awaitStopped();
      Replica current =
          scene.replicas().start(current(new Migrations().versioned("2", "new", Brake.SQL))).go();

      scene.probe().awaitUntil(() -> brake.stopped() == 2, "both migrate");

      brake.release();
      assertThat(old.outcome()).returns(true, Outcome::ok);
      assertThat(current.outcome()).returns(true, Outcome::ok);
    }
  }

  @Test
  void shouldNotMeetAnOldReplicaThatHasNothingToDo() {
    assertThat(scene.replicas().start(old(first())).go().outcome()).returns(true, Outcome::ok);
    try (Brake brake = Brake.on(scene.database())) {
      Replica current =
          scene.replicas().start(current(first().versioned("2", "new", Brake.SQL))).go();
      brake.awaitStopped();

      Outcome restarted = scene.replicas().start(old(first())).go().outcome();

      assertThat(restarted).returns(true, Outcome::ok);
      assertThat(restarted.applied()).isEmpty();
      assertThat(brake.stopped()).isOne();
      brake.release();
      assertThat(current.outcome()).returns(true, Outcome::ok);
    }
  }

  @Test
  void shouldKeepOldReplicasWaiting() throws SQLException {
    assertThat(scene.replicas().start(current(first())).go().outcome()).returns(true, Outcome::ok);
    Replica old =
        scene.replicas().start(old(first().versioned("2", "two", "CREATE TABLE two (id int)")));
    try (Connection operator = scene.database().connect();
        Statement psql = operator.createStatement()) {
      psql.execute(PAGE.blocks("sql").get(0));
      old.go();
      scene.probe().awaitUntil(this::somebodyWaitsInATransaction, "it waits");

      assertThat(
              scene
                  .database()
                  .list(
                      "SELECT concat_ws(', ', table_name, schema) FROM (%s) locks"
                          .formatted(who())))
          .containsExactlyElementsOf(PAGE.find("pg_try_advisory_lock\\((.*?)\\)"));
      assertThat(
              scene
                  .replicas()
                  .start(current(first().versioned("3", "three", "CREATE TABLE three (id int)")))
                  .go()
                  .outcome())
          .returns(true, Outcome::ok);
      assertThat(old.isDone()).isFalse();
    }
    assertThat(old.outcome()).returns(true, Outcome::ok);
  }

  private boolean somebodyWaitsInATransaction() {
    return scene.probe().sessions().stream()
        .anyMatch(
            session ->
                session.query().contains("pg_try_advisory_lock($1,$2)") && session.snapshot());
  }

  /** The manual's query for who has such a lock. */
  private static String who() {
    return PAGE.blocks("sql").get(1).strip().replaceFirst(";$", "");
  }
}
