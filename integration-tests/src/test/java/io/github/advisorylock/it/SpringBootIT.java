package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Applications of each line of Spring Boot, packaged and started as users do it, with one
 * dependency and one block of YAML for the lock.
 */
class SpringBootIT {

  private static final List<String> LINES = List.of("3.5", "4.0", "4.1");
  private static final int INSTANCES = 4;
  private static final LockKey KEY = LockKey.named("orders");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;
  private final List<ChildProcess> instances = new ArrayList<>();

  static Stream<Arguments> applications() {
    return LINES.stream()
        .flatMap(line -> Stream.of(Tool.values()).map(tool -> Arguments.of(line, tool)));
  }

  @AfterEach
  void endInstances() {
    instances.forEach(ChildProcess::close);
  }

  private static Path jar(String line, Tool tool) {
    return Path.of(
        System.getProperty("springBoot.applications"),
        "boot-" + line,
        "target",
        "boot-%s-%s-%s.jar"
            .formatted(
                line, System.getProperty("project.version"), tool.name().toLowerCase(Locale.ROOT)));
  }

  private static String prefix(Tool tool) {
    return "spring.%s.advisory-lock.".formatted(tool.name().toLowerCase(Locale.ROOT));
  }

  /** What the user adds for the lock, in the folder in which the application starts. */
  private void writeYaml(Tool tool, String timeout) throws IOException {
    Files.writeString(
        folder.resolve("application.yml"),
        """
        spring:
          %s:
            advisory-lock:
              key: orders
              timeout: %s
        """
            .formatted(tool.name().toLowerCase(Locale.ROOT), timeout));
  }

  private ChildProcess start(
      String line, Tool tool, Map<String, String> environment, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ChildProcess.java().toString(),
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                jar(line, tool).toString(),
                "--spring.datasource.url=" + scene.database().url(),
                "--spring.datasource.username=" + scene.database().user(),
                "--spring.datasource.password=" + scene.database().password()));
    command.addAll(List.of(arguments));
    ChildProcess instance = ChildProcess.start(folder, environment, command);
    instances.add(instance);
    return instance;
  }

  private long waiting(Tool tool) {
    return scene.probe().sessions().stream()
        .filter(
            session -> session.application().startsWith(tool.sessions() + " waits for orders ("))
        .count();
  }

  private static String lineOfAMigration(Tool tool) {
    return switch (tool) {
      case FLYWAY -> "Successfully applied 1 migration";
      case LIQUIBASE -> "ran successfully in";
    };
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("applications")
  void shouldMigrateOnceUnderTheLockOfItsYaml(String line, Tool tool) throws Exception {
    writeYaml(tool, "2m");

    KeyHolder.whileHeld(
        KEY,
        scene.database(),
        () -> {
          for (int i = 0; i < INSTANCES; i++) {
            start(line, tool, Map.of());
          }
          Await.until(() -> waiting(tool) == INSTANCES, "all wait", this::dump);
          return null;
        });

    assertThat(instances)
        .allSatisfy(
            instance -> {
              assertThat(instance.exitStatus()).as(instance::output).isZero();
              assertThat(instance.output())
                  .contains("Waiting for the advisory lock orders (", "timeout 2 min")
                  .contains("Acquired the advisory lock orders (")
                  .contains("Started Application in")
                  .doesNotContain("not eligible for getting processed");
            });
    assertThat(instances)
        .filteredOn(instance -> instance.output().contains(lineOfAMigration(tool)))
        .hasSize(1);
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isZero();
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("applications")
  void shouldTakeTheEnvironmentsWordBeforeItsYamls(String line, Tool tool) throws Exception {
    writeYaml(tool, "2m");
    String variable = "SPRING_%s_ADVISORYLOCK_TIMEOUT".formatted(tool.name());
    scene.database().execute("CREATE TABLE precious (id int)");
    // Flyway has no such property: it ignores it.
    String dropFirst = "--spring.liquibase.drop-first=true";
    String baseline = "--spring.flyway.baseline-on-migrate=true";

    ChildProcess instance =
        KeyHolder.whileHeld(
            KEY,
            scene.database(),
            () -> {
              ChildProcess started = start(line, tool, Map.of(variable, "0"), dropFirst, baseline);
              assertThat(started.exitStatus()).as(started::output).isNotZero();
              return started;
            });

    assertThat(instance.output()).contains("advisory lock orders (");
    assertThat(scene.database().count("SELECT count(*) FROM precious")).isZero();
    assertThat(scene.database().list("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        .containsExactly("precious");
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("applications")
  void shouldStopAtAWrongSettingAndNameIt(String line, Tool tool) throws Exception {
    writeYaml(tool, "soon");

    ChildProcess instance = start(line, tool, Map.of());

    assertThat(instance.exitStatus()).as(instance::output).isEqualTo(1);
    assertThat(instance.output())
        .contains("APPLICATION FAILED TO START")
        .contains(prefix(tool) + "timeout (")
        .contains("application.yml] - 5:16) is 'soon', but must be a duration from 0")
        .contains("Correct that property of the advisory lock");
    assertThat(scene.database().list("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        .isEmpty();
  }

  private String dump() {
    return scene.probe().dump()
        + instances.stream().map(ChildProcess::output).reduce("", (all, one) -> all + "\n" + one);
  }
}
