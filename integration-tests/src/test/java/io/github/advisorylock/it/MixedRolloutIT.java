package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The rollout that brings the lock: old replicas have Flyway as it comes, new ones have the jar.
 */
class MixedRolloutIT {
  private static final int REPLICAS = 3;

  @RegisterExtension final Scene scene = new Scene();

  private static Migrations released() {
    return new Migrations().versioned("1", "one", Work.BEGIN, Work.END);
  }

  private static Migrations next() {
    return released()
        .versioned("2", "two", Work.BEGIN, Work.TAKE_A_WHILE, Work.END)
        .versioned("3", "three", Work.BEGIN, Work.TAKE_A_WHILE, Work.END);
  }

  @Test
  void shouldRunEachMigrationOnceAndAlone() {
    Work work = Work.recordIn(scene.database());
    Rollout old = Rollout.stock(Tool.FLYWAY, scene.database(), released());
    assertThat(scene.replicas().start(old).go().outcome()).returns(true, Outcome::ok);
    scene.replicas().start(REPLICAS, Rollout.stock(Tool.FLYWAY, scene.database(), next()));
    scene.replicas().start(REPLICAS, Rollout.of(Tool.FLYWAY, scene.database(), next()));

    List<Outcome> outcomes = scene.replicas().go().outcomes(Duration.ofMinutes(2));

    assertThat(outcomes).allMatch(Outcome::ok, "ok");
    assertThat(outcomes).flatExtracting(Outcome::applied).containsExactlyInAnyOrder("1", "2", "3");
    assertThat(work.ended()).isEqualTo(3);
    assertThat(work.overlaps()).isEmpty();
    scene.probe().awaitNothingLeft();
  }
}
