package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The SQL of the page on operations says on a server what the page says. */
class SnippetsIT {
  private static final List<String> BLOCKS = Manual.page("operations.md").blocks("sql");

  @RegisterExtension final Scene scene = new Scene();

  private static List<String> statements(String part) {
    return BLOCKS.stream()
        .filter(block -> block.contains(part))
        .flatMap(block -> Arrays.stream(block.split(";")))
        .map(String::strip)
        .filter(statement -> !statement.isEmpty())
        .toList();
  }

  @Test
  void shouldShowWhoHoldsTheLock() {
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica =
          scene
              .replicas()
              .start(
                  Rollout.of(
                      Tool.FLYWAY,
                      scene.database(),
                      new Migrations().versioned("1", "stop", Brake.SQL)))
              .go();
      brake.awaitStopped();

      assertThat(statements("holds"))
          .singleElement()
          .satisfies(
              query ->
                  assertThat(
                          scene
                              .database()
                              .list("SELECT application_name FROM (%s) who".formatted(query)))
                      .singleElement()
                      .asString()
                      .startsWith("flyway holds migration ("));
      brake.release();
      assertThat(replica.outcome()).returns(true, Outcome::ok);
    }
  }

  @Test
  void shouldHoldTheLockFromPsql() {
    assertThat(statements("select pg_advisory_"))
        .containsExactly(
            "select pg_advisory_lock(%d)".formatted(LockKey.MIGRATION.value()),
            "select pg_advisory_unlock(%d)".formatted(LockKey.MIGRATION.value()));
  }

  @Test
  void shouldComputeKeysAsJavaDoes() {
    LockKey key = LockKey.of(42);
    List<String> statements = statements("sha256");

    assertThat(statements).hasSize(3);
    assertThat(scene.database().count(statements.get(0))).isEqualTo(LockKey.MIGRATION.value());
    assertThat(scene.database().count(statements.get(1))).isEqualTo(key.within("app").value());
    assertThat(
            scene
                .database()
                .list("SELECT work || ' ' || waiting FROM (%s) keys".formatted(statements.get(2))))
        .containsExactly(key.forWork().value() + " " + key.forWaiting().value());
  }
}
