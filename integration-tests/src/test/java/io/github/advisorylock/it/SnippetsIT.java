package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The SQL of the page on operations says on a server what the page says. */
class SnippetsIT {
  private static final List<String> BLOCKS = Manual.page("operations.md").blocks("sql");

  /** What stands for something else, and why it cannot be run as it is printed. */
  private static final Map<String, String> NOT_RUN =
      Map.of(
          "select pg_catalog.pg_terminate_backend(pid);",
          "pid stands for the number that a log or a query has shown; messages have it in place");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

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

      assertThat(statements(" holds "))
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
    assertThat(statements("pg_advisory_"))
        .containsExactly(
            "select pg_catalog.pg_advisory_lock(%d)".formatted(LockKey.MIGRATION.value()),
            "select pg_catalog.pg_advisory_unlock(%d)".formatted(LockKey.MIGRATION.value()));
  }

  /** Everything that a page of the manual hands to people to execute. */
  static List<String> statementsOfTheManual() {
    return SqlRulesTest.manual().stream().filter(sql -> !NOT_RUN.containsKey(sql)).toList();
  }

  @ParameterizedTest
  @MethodSource("statementsOfTheManual")
  void shouldRunAsPrinted(String sql) {
    scene
        .database()
        .execute(
            "CREATE TABLE databasechangeloglock (id int PRIMARY KEY, locked boolean NOT NULL)");

    assertThat(sql.strip()).endsWith(";");
    scene.database().execute(sql);
  }

  @Test
  void shouldRunTheCommandAsPrinted() throws IOException {
    List<String> blocks = Manual.page("command.md").blocks("sh");
    assertThat(blocks).hasSize(1);
    Files.copy(CommandShell.jar(), folder.resolve(CommandShell.jar().getFileName()));
    Login login = scene.database().createLogin();
    Map<String, String> environment = Recipe.environment(scene.database(), login);
    environment.put("PGPASSWORD", login.password());

    try (ChildProcess shell =
        ChildProcess.start(folder, environment, List.of("bash", "-ec", blocks.get(0)))) {
      assertThat(shell.exitStatus()).as(shell::output).isZero();
      assertThat(shell.output().lines())
          .containsExactly(
              "The advisory lock " + LockKey.MIGRATION + " is free",
              "The advisory lock " + LockKey.MIGRATION + " is free",
              "Nobody holds the advisory lock " + LockKey.MIGRATION);
    }
  }

  @Test
  void shouldLeaveOutOnlyWhatIsInTheManual() {
    assertThat(SqlRulesTest.manual()).containsAll(NOT_RUN.keySet());
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
