package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The contract with Flyway, and what happens without the lock. */
class FlywayContractIT extends MigrationLockContract {

  /** Nearly always the first shows what can happen. */
  private static final int ROUNDS = 3;

  @Override
  Tool tool() {
    return Tool.FLYWAY;
  }

  @Test
  void contract2_control_shouldOverlapWithoutTheLock() {
    Work work = Work.recordIn(scene.database());
    Rollout stock = Rollout.stock(Tool.FLYWAY, scene.database(), withWorkOnEveryRun());
    scene.replicas().start(stock).go().outcome();

    for (int round = 1; round <= ROUNDS && work.overlaps().isEmpty(); round++) {
      scene.replicas().start(ROLLOUT, stock);
      scene.replicas().go().outcomes(Duration.ofMinutes(3));
      scene.replicas().all().forEach(Replica::kill); // they stay alive when they are done
    }

    assertThat(work.overlaps()).isNotEmpty();
  }

  @Test
  void contract7_control_shouldHangOnCreateIndexConcurrentlyWithoutTheLock() {
    Migrations migrations =
        new Migrations()
            .versioned("1", "create", "CREATE TABLE big (id int)")
            .nonTransactional("2", "index", "CREATE INDEX CONCURRENTLY big_id ON big (id)");
    Rollout stock =
        Rollout.stock(Tool.FLYWAY, scene.database(), migrations)
            .setting("flyway.initSql", "SET statement_timeout = '3s'");

    Outcome outcome = scene.replicas().start(stock).go().outcome();

    assertThat(outcome).returns(false, Outcome::ok).returns("57014", Outcome::sqlState);
    assertThat(scene.database().count(VALID_INDEXES.formatted("big_id"))).isZero();
  }
}
