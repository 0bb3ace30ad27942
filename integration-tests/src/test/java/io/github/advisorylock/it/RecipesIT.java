package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The recipes of the manual for build plugins and command lines, each run as it stands there. */
class RecipesIT {
  private static final String FLYWAYS_COMMAND_LINE = "Flyway's command line";
  private static final String LIQUIBASES_COMMAND_LINE = "Liquibase's command line";
  private static final String LIQUIBASES_MAVEN_PLUGIN = "Liquibase's Maven plugin";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;
  private final List<ChildProcess> running = new ArrayList<>();

  @AfterEach
  void end() {
    running.forEach(ChildProcess::close);
  }

  @Test
  void shouldRunFlywaysMavenPlugin() throws Exception {
    Recipe recipe = Recipe.flywaysMavenPlugin();
    recipe.writeProject(folder);
    SettingStage.migrations()
        .writeTo(folder.resolve("src/main/resources/db/migration"), Tool.FLYWAY);

    assertThatItWaitsItsTurn(recipe);
  }

  @Test
  void shouldRunLiquibasesMavenPlugin() throws Exception {
    Recipe recipe =
        Recipe.named(LIQUIBASES_MAVEN_PLUGIN)
            .withRelease("5.0.4", System.getProperty("liquibase.version"))
            .withTestedDriver();
    recipe.writeProject(folder);
    SettingStage.migrations().writeTo(folder.resolve("src/main/resources"), Tool.LIQUIBASE);

    assertThatItWaitsItsTurn(recipe);
  }

  @Test
  void shouldRunFlywaysCommandLine() throws Exception {
    FlywayShell.unpack(folder.resolve("flyway"));
    copy(AllJarIT.of(Tool.FLYWAY));
    SettingStage.migrations().writeTo(folder.resolve("sql"), Tool.FLYWAY);

    assertThatItWaitsItsTurn(Recipe.named(FLYWAYS_COMMAND_LINE));
  }

  @Test
  void shouldRunLiquibasesCommandLine() throws Exception {
    LiquibaseShell.unpack(folder.resolve("liquibase"));
    copy(AllJarIT.of(Tool.LIQUIBASE));
    copy(ReplicaClassPath.driver());
    SettingStage.migrations().writeTo(folder, Tool.LIQUIBASE);

    assertThatItWaitsItsTurn(Recipe.named(LIQUIBASES_COMMAND_LINE).withTestedDriver());
  }

  @Test
  void shouldRunAllButWhatIsMarked() {
    assertThat(Recipe.all())
        .filteredOn(recipe -> !recipe.isNotRun())
        .extracting(Recipe::title)
        .containsExactlyInAnyOrder(
            Recipe.flywaysMavenPlugin().title(),
            LIQUIBASES_MAVEN_PLUGIN,
            FLYWAYS_COMMAND_LINE,
            LIQUIBASES_COMMAND_LINE);
  }

  private void copy(Path jar) throws Exception {
    Files.copy(jar, folder.resolve(jar.getFileName()));
  }

  private void assertThatItWaitsItsTurn(Recipe recipe) throws Exception {
    Login login = scene.database().createLogin("GRANT CREATE ON SCHEMA public TO :role");
    ChildProcess tool =
        KeyHolder.whileHeld(
            LockKey.MIGRATION,
            scene.database(),
            () -> {
              ChildProcess started = recipe.run(folder, scene.database(), login);
              running.add(started);
              started.awaitOutput("Waiting for the advisory lock " + LockKey.MIGRATION);
              assertThat(tables()).as("while somebody else has the lock").doesNotContain("one");
              return started;
            });

    assertThat(tool.exitStatus()).as(tool::output).isZero();
    assertThat(tool.output())
        .contains("[" + Database.HARNESS + "]", "timeout 10 min")
        .contains("Acquired the advisory lock " + LockKey.MIGRATION)
        .doesNotContain(login.password());
    assertThat(tables()).contains("one");
    scene.probe().awaitNothingLeft();
  }

  private List<String> tables() {
    return scene.database().list("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  }
}
