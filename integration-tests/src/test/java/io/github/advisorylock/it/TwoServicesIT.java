package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Contract 3: services that share a database exclude each other, whatever tool they use. */
class TwoServicesIT {

  private static final int REPLICAS = 4;

  @RegisterExtension final Scene scene = new Scene();

  private static Migrations migrations() {
    return new Migrations()
        .versioned("1", "one", Work.BEGIN, Work.TAKE_A_WHILE, Work.END)
        .versioned("2", "two", Work.BEGIN, Work.TAKE_A_WHILE, Work.END)
        .everyRun("3 always", Work.BEGIN, Work.END);
  }

  private Rollout billing() {
    return Rollout.of(Tool.FLYWAY, scene.database(), migrations())
        .schema("billing")
        .historyTable("billing_history");
  }

  private Rollout orders() {
    scene.database().execute("CREATE SCHEMA IF NOT EXISTS orders");
    return Rollout.of(Tool.LIQUIBASE, scene.database(), migrations())
        .schema("orders")
        .historyTable("orders_history");
  }

  @Test
  void contract3_shouldNeverMigrateTwoServicesAtOnce() {
    Work work = Work.recordIn(scene.database());
    scene.replicas().start(REPLICAS, billing());
    scene.replicas().start(REPLICAS, orders());

    assertThat(scene.replicas().go().outcomes(Duration.ofMinutes(2))).allMatch(Outcome::ok, "ok");

    assertThat(work.ended()).as("two migrations a service, one a run").isEqualTo(4 + 2 * REPLICAS);
    assertThat(work.overlaps()).isEmpty();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void contract3_shouldLetServicesMigrateAtOnceWhenTheyHaveKeysOfTheirOwn() {
    try (Brake brake = Brake.on(scene.database())) {
      Migrations stopping = new Migrations().versioned("1", "stop", Brake.SQL);
      Replica one =
          scene
              .replicas()
              .start(
                  Rollout.of(Tool.FLYWAY, scene.database(), stopping)
                      .schema("billing")
                      .setting("flyway.advisoryLock.key", "billing"));
      scene.database().execute("CREATE SCHEMA orders");
      Replica other =
          scene
              .replicas()
              .start(
                  Rollout.of(Tool.LIQUIBASE, scene.database(), stopping)
                      .schema("orders")
                      .setting("liquibase.advisoryLock.scope", "schema"));
      scene.replicas().go();

      scene.probe().awaitUntil(() -> brake.stopped() == 2, "both migrate");
      brake.release();

      assertThat(one.outcome()).returns(true, Outcome::ok);
      assertThat(other.outcome()).returns(true, Outcome::ok);
      scene.probe().awaitNothingLeft();
    }
  }
}
