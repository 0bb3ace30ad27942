package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import io.github.advisorylock.it.LockProbe.Session;
import java.util.List;

/** The core of the contracts: what is shown on every release, in as few runs as will do. */
enum Promise {
  /** Two processes exclude each other; the one that waits is in nobody's way, and then goes on. */
  ONE_AT_A_TIME {
    @Override
    void prove(CompatibilityStage stage) {
      try (Brake brake = Brake.on(stage.database())) {
        stage.run(stage.first());
        brake.awaitStopped();
        assertThat(stage.probe().holders(CompatibilityStage.KEY.value()))
            .singleElement()
            .returns(true, AdvisoryLockRow::exclusive)
            .extracting(AdvisoryLockRow::application)
            .asString()
            .startsWith(stage.tool().sessions() + " holds " + CompatibilityStage.KEY_NAME);
        stage.run(stage.second());
        assertThat(stage.awaitWaiting()).noneMatch(Session::snapshot);
        brake.release();

        assertThat(List.of(stage.first().awaitOutcome(), stage.second().awaitOutcome()))
            .allMatch(Outcome::ok, "ok")
            .allMatch(outcome -> outcome.borrowed() == 0, "gave all connections back")
            .extracting(Outcome::applied)
            .containsExactly(CompatibilityStage.ALL, List.of());
        stage.assertMigrated();
      }
    }
  },

  /** A wait ends at its timeout, and the error says who was in the way. */
  TIMEOUT {
    @Override
    void prove(CompatibilityStage stage) {
      try (Brake brake = Brake.on(stage.database())) {
        stage.run(stage.first());
        brake.awaitStopped();
        stage.run(stage.second(), "timeout", "300ms");

        assertThat(stage.second().awaitOutcome())
            .returns(false, Outcome::ok)
            .returns(0, Outcome::borrowed)
            .extracting(Outcome::message)
            .asString()
            .contains("Gave up on the advisory lock " + CompatibilityStage.KEY)
            .contains(stage.tool().sessions() + " holds " + CompatibilityStage.KEY_NAME)
            .contains(":" + stage.first().pid());
        assertThat(brake.stopped()).as("the holder still works").isEqualTo(1);
        brake.release();
        assertThat(stage.first().awaitOutcome()).returns(true, Outcome::ok);
      }
    }
  },

  /** Who has lost the lock commits nothing, and the next one finds nothing done. */
  LOSS {
    @Override
    void prove(CompatibilityStage stage) {
      try (Brake brake = Brake.on(stage.database())) {
        stage.run(stage.first());
        brake.awaitStopped();
        stage.terminateHolder();
        brake.release();

        assertThat(stage.first().awaitOutcome())
            .returns(false, Outcome::ok)
            .returns(List.of(), Outcome::applied);
      }
      assertThat(stage.tables()).doesNotContain(CompatibilityStage.TABLE);
      stage.run(stage.second());
      assertThat(stage.second().awaitOutcome())
          .returns(true, Outcome::ok)
          .returns(CompatibilityStage.ALL, Outcome::applied);
      stage.assertMigrated();
    }
  },

  /** A setting that cannot be used is an error that says so, before anything is changed. */
  REFUSAL {
    @Override
    void prove(CompatibilityStage stage) {
      stage.run(stage.first(), "timeout", "soon");

      assertThat(stage.first().awaitOutcome())
          .returns(false, Outcome::ok)
          .returns(0, Outcome::borrowed)
          .extracting(Outcome::message)
          .asString()
          .contains(stage.tool().settings() + "timeout is 'soon', but must be a duration from 0");
      assertThat(stage.tables()).isEmpty();
    }
  };

  abstract void prove(CompatibilityStage stage);
}
