package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Contract 10 with Liquibase: its own command line, with the one released jar and nothing else. */
class LiquibaseCommandLineIT {

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private ChildProcess liquibase(String... arguments) {
    return LiquibaseShell.run(
        folder, scene.database(), scene.database().owner(), Map.of(), arguments);
  }

  private void write(Migrations migrations) {
    migrations.writeTo(folder, Tool.LIQUIBASE);
  }

  @Test
  void shouldHaveTheLockFromOneJar() {
    assertThat(ReplicaClassPath.withJar(Tool.LIQUIBASE, AllJarIT.of(Tool.LIQUIBASE)))
        .doesNotContain("common-lock")
        .containsOnlyOnce("advisory-lock-");
  }

  @Test
  void contract10_shouldWaitNameTheHolderAndFail() throws Exception {
    write(SettingStage.migrations());

    Ending ending =
        KeyHolder.whileHeld(
            LockKey.MIGRATION,
            scene.database(),
            () -> Ending.of(liquibase("--advisory-lock-max-attempts=2", "update")));

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said())
        .contains("Waiting for the advisory lock " + LockKey.MIGRATION + ": held by pid ")
        .contains("Gave up on the advisory lock " + LockKey.MIGRATION + " (2 tries in ")
        .contains("[" + Database.HARNESS + "]")
        .contains("pg_terminate_backend(");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void contract10_shouldHoldListAndForceTheLock() {
    write(new Migrations().versioned("1", "stop", Brake.SQL, "CREATE TABLE once (id int)"));
    try (Brake brake = Brake.on(scene.database());
        ChildProcess stuck = liquibase("update")) {
      brake.awaitStopped();
      assertThat(scene.probe().holders(LockKey.MIGRATION.value()))
          .singleElement()
          .satisfies(
              row -> assertThat(row.application()).startsWith("liquibase holds migration ("));

      Ending listed = Ending.of(liquibase("list-locks"));
      Ending refused = Ending.of(liquibase("--advisory-lock-timeout=0", "update"));
      Ending reported = Ending.of(liquibase("release-locks"));
      assertThat(scene.probe().holders(LockKey.MIGRATION.value())).hasSize(1);
      Ending forced =
          Ending.of(liquibase("--advisory-lock-force-release=terminate", "release-locks"));

      assertThat(listed.ok()).as(listed.said()).isTrue();
      assertThat(listed.said()).contains("[liquibase holds migration (");
      assertThat(refused.ok()).isFalse();
      assertThat(refused.said()).contains("[liquibase holds migration (");
      assertThat(reported.ok()).as(reported.said()).isTrue();
      assertThat(reported.said())
          .contains("was not released: held by pid ")
          .contains("forceRelease=terminate");
      assertThat(forced.ok()).as(forced.said()).isTrue();
      assertThat(stuck.exitStatus()).as(stuck.output()).isNotZero();
      assertThat(scene.probe().holders(LockKey.MIGRATION.value())).isEmpty();
    }

    Ending update = Ending.of(liquibase("update"));

    assertThat(update.ok()).as(update.said()).isTrue();
    assertThat(scene.database().count("SELECT count(*) FROM once")).isZero();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void contract10_shouldListNothingWhenNobodyHoldsTheLock() {
    Ending ending = Ending.of(liquibase("list-locks"));

    assertThat(ending.ok()).as(ending.said()).isTrue();
    assertThat(ending.said()).contains("No locks");
  }

  @Test
  void shouldNotShowPasswordsInADebugLog() {
    write(SettingStage.migrations());
    Login login = scene.database().createLogin();

    Ending ending =
        Ending.of(
            liquibase(
                "--log-level=FINE",
                "--advisory-lock-url="
                    + JdbcUrl.parse(scene.database().url()).with("password", login.password()),
                "--advisory-lock-user=" + login.user(),
                "--advisory-lock-password=" + login.password(),
                "update"));

    assertThat(ending.ok()).as(ending.said()).isTrue();
    assertThat(ending.said())
        .contains("Acquired the advisory lock")
        .doesNotContain(login.password());
  }
}
