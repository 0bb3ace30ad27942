package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Roles from which the right to a function or relation of the server was taken. What a run of the
 * stock tool does not need, a run with the jar does without, or it refuses before it has changed
 * anything and names what is missing.
 */
class HardenedRoleIT {

  /** A role without these cannot lock, unlock, or know that it holds the lock. */
  private static final Set<String> NEEDED =
      Set.of(
          "pg_backend_pid",
          "pg_try_advisory_lock",
          "pg_advisory_unlock",
          "pg_locks",
          "pg_lock_status",
          "pg_relation_filepath",
          "split_part",
          "set_config",
          "min",
          "pg_try_advisory_lock_shared",
          "pg_advisory_unlock_shared",
          "pg_try_advisory_xact_lock_shared");

  private static final Set<String> DONE_WITHOUT =
      Set.of(
          "pg_is_in_recovery",
          "current_setting",
          "version",
          "current_database",
          "pg_show_all_settings",
          "pg_notify",
          "pg_listening_channels",
          "random",
          "count",
          "concat",
          "host",
          "strpos",
          "clock_timestamp",
          "pg_get_userbyid",
          "has_table_privilege",
          "has_function_privilege",
          "pg_blocking_pids",
          "pg_terminate_backend",
          "pg_database",
          "pg_roles",
          "pg_settings",
          "pg_stat_get_activity",
          "pg_stat_activity");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  static Stream<Arguments> each() {
    return Arrays.stream(Tool.values())
        .flatMap(
            tool ->
                Stream.concat(NEEDED.stream(), DONE_WITHOUT.stream())
                    .sorted()
                    .map(name -> Arguments.of(tool, name)));
  }

  @ParameterizedTest
  @MethodSource("each")
  void shouldDoWithoutOrNameWhatIsMissing(Tool tool, String name) throws Exception {
    Login role = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    revoke(name);
    Migrations migrations = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    List<String> stock = failures(tool, role, migrations, "false");
    migrations.versioned("2", "two", "CREATE TABLE two (id int)");
    List<String> withLock = failures(tool, role, migrations, "true");

    if (DONE_WITHOUT.contains(name)) {
      assertThat(withLock).isEqualTo(stock.isEmpty() ? List.of() : withLock);
    } else {
      assertThat(withLock).allMatch(failure -> !stock.isEmpty() || failure.contains(name));
      assertThat(scene.database().list("SELECT to_regclass('two')"))
          .containsExactly(withLock.isEmpty() ? "two" : "null");
    }
    scene
        .probe()
        .awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "no advisory lock is left");
  }

  private void revoke(String name) {
    List<String> functions =
        scene
            .database()
            .list(
                """
                SELECT oid::regprocedure FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = '%s'
                """
                    .formatted(name));
    functions.forEach(
        function ->
            scene
                .database()
                .execute(
                    "REVOKE EXECUTE ON FUNCTION pg_catalog.%s FROM public".formatted(function)));
    if (functions.isEmpty()) {
      scene.database().execute("REVOKE SELECT ON pg_catalog.%s FROM public".formatted(name));
    }
  }

  private List<String> failures(Tool tool, Login role, Migrations migrations, String active)
      throws Exception {
    try (Runners runners =
        new Runners(tool, scene.database().url(), role, folder)
            .with("active", active)
            .with("timeout", "0")) {
      runners.start(1, migrations);
      return runners.failures();
    }
  }
}
