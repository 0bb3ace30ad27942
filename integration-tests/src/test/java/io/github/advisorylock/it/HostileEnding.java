package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockTimeoutException;
import java.time.Duration;
import java.util.List;

/** What a run must end with. */
@FunctionalInterface
interface HostileEnding {

  void verify(HostileStage stage) throws Exception;

  /** Far above what a busy machine needs, far below the default timeout. */
  Duration GENEROUS = Duration.ofSeconds(20);

  /** The migration has been done. */
  static HostileEnding success() {
    return stage -> {
      assertThat(stage.failure()).isNull();
      assertThat(stage.isMigrated()).isTrue();
    };
  }

  /** The command returns normally, after having said this, and nothing is migrated. */
  static HostileEnding reportSaying(String... words) {
    HostileEnding returned = stage -> assertThat(stage.failure()).isNull();
    return returned.and(saying(words));
  }

  /** As success, after having said this. */
  static HostileEnding successSaying(String... words) {
    return success().and(saying(words));
  }

  /** Failed, with a message that has these words, and without having changed anything. */
  static HostileEnding refusal(String... words) {
    return failure(words)
        .and(
            stage ->
                assertThat(stage.relations())
                    .as("changed")
                    .containsExactlyElementsOf(stage.relationsBefore()));
  }

  /** Failed, with a message that has these words, and without the migration. */
  static HostileEnding failure(String... words) {
    return stage -> {
      assertThat(stage.failure()).as("failure").isNotNull();
      assertThat(ReplicaMain.messages(stage.failure())).contains(filled(stage, words));
      assertThat(stage.isMigrated()).as("migrated").isFalse();
    };
  }

  /** Gave up after the timeout, and said this of who holds the lock. */
  static HostileEnding timeout(Duration timeout, String... words) {
    return refusal("Gave up on the advisory lock")
        .and(
            stage -> {
              assertThat(ReplicaMain.messages(stage.failure())).contains(filled(stage, words));
              assertThat(Throwables.find(stage.failure(), LockTimeoutException.class).waited())
                  .isBetween(timeout, timeout.plus(GENEROUS));
            });
  }

  /** Nobody else is there any more, and the server has room again. */
  static HostileEnding afterOthersWent() {
    return stage -> {
      stage.letGo();
      stage.awaitRoom();
    };
  }

  static HostileEnding saying(String... words) {
    return stage -> assertThat(stage.transcript().toString()).contains(filled(stage, words));
  }

  static HostileEnding table(String name, boolean there) {
    return stage -> assertThat(stage.exists(name)).as(name).isEqualTo(there);
  }

  private static List<String> filled(HostileStage stage, String... words) {
    return List.of(words).stream().map(stage::filledWithPid).toList();
  }

  default HostileEnding and(HostileEnding other) {
    return stage -> {
      verify(stage);
      other.verify(stage);
    };
  }
}
