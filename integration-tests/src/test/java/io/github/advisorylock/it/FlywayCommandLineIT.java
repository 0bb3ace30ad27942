package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract 10 with Flyway: its own command line, with the one released jar and nothing else. */
class FlywayCommandLineIT {

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private ChildProcess flyway(FlywayShell shell, String... arguments) {
    return shell.run(folder, scene.database(), scene.database().owner(), Map.of(), arguments);
  }

  private FlywayShell install(String pluginFolder) {
    return FlywayShell.install(folder.resolve("flyway"), AllJarIT.of(Tool.FLYWAY), pluginFolder);
  }

  private void write(Migrations migrations) {
    migrations.writeTo(folder.resolve("sql"), Tool.FLYWAY);
  }

  private Ending migrateWhileHeld(FlywayShell shell) throws Exception {
    return KeyHolder.whileHeld(
        LockKey.MIGRATION,
        scene.database(),
        () -> Ending.of(flyway(shell, "-advisoryLock.maxAttempts=2", "migrate")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lib", "lib/plugins", "lib/flyway", "drivers"})
  void contract10_shouldWaitNameTheHolderAndFailWithTheJarIn(String pluginFolder) throws Exception {
    write(SettingStage.migrations());

    Ending ending = migrateWhileHeld(install(pluginFolder));

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said())
        .contains("Waiting for the advisory lock " + LockKey.MIGRATION + ": held by pid ")
        .contains("Gave up on the advisory lock " + LockKey.MIGRATION + " (2 tries in ")
        .contains("[" + Database.HARNESS + "]")
        .contains("pg_terminate_backend(");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void contract10_shouldHoldTheLockWhileItMigrates() {
    write(new Migrations().versioned("1", "stop", Brake.SQL, "CREATE TABLE once (id int)"));
    FlywayShell shell = install("lib");
    try (Brake brake = Brake.on(scene.database());
        ChildProcess migrate = flyway(shell, "migrate")) {
      brake.awaitStopped();

      assertThat(scene.probe().holders(LockKey.MIGRATION.value()))
          .singleElement()
          .satisfies(row -> assertThat(row.application()).startsWith("flyway holds migration ("));
      assertThat(Ending.of(flyway(shell, "info")))
          .as("info takes no lock")
          .returns(true, Ending::ok);
      assertThat(Ending.of(flyway(shell, "-advisoryLock.timeout=0", "migrate")).said())
          .contains("Gave up on the advisory lock")
          .contains("[flyway holds migration (");

      brake.release();
      assertThat(migrate.exitStatus()).as(migrate.output()).isZero();
    }
    assertThat(scene.database().count("SELECT count(*) FROM once")).isZero();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldNotShowPasswordsInADebugLog() {
    write(SettingStage.migrations());
    Login login = scene.database().createLogin();

    Ending ending =
        Ending.of(
            flyway(
                install("lib"),
                "-X",
                "-advisoryLock.url="
                    + JdbcUrl.parse(scene.database().url()).with("password", login.password()),
                "-advisoryLock.user=" + login.user(),
                "-advisoryLock.password=" + login.password(),
                "migrate"));

    assertThat(ending.ok()).as(ending.said()).isTrue();
    assertThat(ending.said())
        .contains("Acquired the advisory lock")
        .doesNotContain(login.password());
  }
}
