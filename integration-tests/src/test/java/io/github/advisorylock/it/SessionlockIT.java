package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A rollout in which old replicas have liquibase-sessionlock and new ones have our lock. */
class SessionlockIT {
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
}
