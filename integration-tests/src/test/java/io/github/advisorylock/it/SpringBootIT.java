package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.RetryPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Applications of each line of Spring Boot, packaged and started as users do it, with one
 * dependency and one block of YAML for the lock.
 */
class SpringBootIT {

  private static final List<String> LINES = List.of("3.5", "4.0", "4.1");
  private static final int INSTANCES = 4;
  private static final LockKey KEY = LockKey.named("orders");
  private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");

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

  private static String classifier(Tool tool) {
    return tool.name().toLowerCase(Locale.ROOT);
  }

  private static Path jar(String line, String classifier) {
    return Path.of(
        System.getProperty("springBoot.applications"),
        "boot-" + line,
        "target",
        "boot-%s-%s-%s.jar".formatted(line, System.getProperty("project.version"), classifier));
  }

  private static String prefix(Tool tool) {
    return "spring.%s.advisory-lock.".formatted(classifier(tool));
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
            .formatted(classifier(tool), timeout));
  }

  private ChildProcess start(
      String line, Tool tool, Map<String, String> environment, String... arguments) {
    return start(jar(line, classifier(tool)), environment, arguments);
  }

  private ChildProcess start(Path jar, Map<String, String> environment, String... arguments) {
    List<String> command =
        ChildProcess.java(
            "-Xmx192m",
            "-jar",
            jar.toString(),
            "--spring.datasource.url=" + scene.database().url(),
            "--spring.datasource.username=" + scene.database().user(),
            "--spring.datasource.password=" + scene.database().password());
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

  /** The emergency switch of the manual, while the lock cannot be acquired. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("applications")
  void shouldMigrateWithoutTheLockIfTheEnvironmentSwitchesItOff(String line, Tool tool)
      throws Exception {
    writeYaml(tool, "0");
    String variable = "SPRING_%s_ADVISORYLOCK_ACTIVE".formatted(tool.name());

    ChildProcess instance =
        KeyHolder.whileHeld(
            KEY,
            scene.database(),
            () -> {
              ChildProcess started = start(line, tool, Map.of(variable, "false"));
              assertThat(started.exitStatus()).as(started::output).isZero();
              return started;
            });

    assertThat(instance.output())
        .contains(lineOfAMigration(tool))
        .doesNotContain("advisory lock orders (");
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isZero();
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

  /** A service with both tools, each with a schema and a key of its own, and the actuator. */
  private void writeYamlOfAService() throws IOException {
    Files.writeString(
        folder.resolve("application.yml"),
        """
        server:
          port: 0
        spring:
          flyway:
            default-schema: billing
            advisory-lock:
              key: orders
          liquibase:
            advisory-lock:
              key: stock
        management:
          endpoints:
            web:
              exposure:
                include: advisorylock, health, metrics
          metrics:
            use-global-registry: false
        """);
  }

  /** What a started service answers, by the path of one of the actuator's endpoints. */
  private static Function<String, JsonNode> actuator(ChildProcess service) {
    service.awaitOutput("Started Application in");
    Matcher port = PORT.matcher(service.output());
    assertThat(port.find()).as(service::output).isTrue();
    HttpClient client = HttpClient.newHttpClient();
    return path -> {
      URI uri = URI.create("http://localhost:%s/actuator/%s".formatted(port.group(1), path));
      try {
        HttpResponse<String> response =
            client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response::body).isEqualTo(200);
        return JsonMapper.shared().readTree(response.body());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    };
  }

  @ParameterizedTest
  @FieldSource("LINES")
  void shouldShowInTheActuatorWhoHasWhichLockAndWhatItTook(String line) throws Exception {
    writeYamlOfAService();
    ChildProcess service = start(jar(line, "both"), Map.of());
    Function<String, JsonNode> actuator = actuator(service);
    assertThat(service.output()).doesNotContain("not eligible for getting processed");

    KeyHolder.whileHeld(
        KEY,
        scene.database(),
        () -> {
          long holder = scene.probe().holders(KEY.value()).get(0).pid();
          AdvisoryLock lock = new AdvisoryLock(KEY, RetryPolicy.DEFAULT, LockListener.NONE);
          LockSession session = LockSession.dedicated(scene.database()::connect, "flyway");
          try (Waiter waiter = Waiter.start(lock, session)) {
            Await.until(() -> waiting(Tool.FLYWAY) == 1, "somebody waits", this::dump);

            JsonNode flyway = actuator.apply("advisorylock").at("/beans/flyway");
            assertThat(flyway.at("/tool").asString()).isEqualTo("flyway");
            JsonNode seen = flyway.at("/locks/0");
            assertThat(seen.at("/name").asString()).isEqualTo("orders");
            assertThat(seen.at("/key").asString()).isEqualTo(Long.toString(KEY.value()));
            assertThat(seen.at("/free").asBoolean()).isFalse();
            assertThat(seen.at("/holders/0/pid").asLong()).isEqualTo(holder);
            assertThat(seen.at("/holders/0/applicationName").asString())
                .isEqualTo(Database.HARNESS);
            assertThat(seen.at("/holders/0/stateForSeconds").isNumber()).isTrue();
            assertThat(Instant.parse(seen.at("/holders/0/connectedSince").asString()))
                .isBefore(Instant.now());
            assertThat(seen.at("/waiters")).hasSize(1);
            assertThat(seen.at("/waiters/0/applicationName").asString())
                .startsWith("flyway waits for orders (");
            waiter.interrupt();
          }
          assertThat(actuator.apply("health").at("/status").asString()).isEqualTo("UP");
          assertThat(actuator.apply("advisorylock").at("/beans/liquibase/locks/0/free").asBoolean())
              .as("the key of the other bean")
              .isTrue();
          return null;
        });

    assertThat(actuator.apply("advisorylock").at("/beans/flyway/locks/0/free").asBoolean())
        .isTrue();
    for (Tool tool : Tool.values()) {
      for (String meter : List.of("advisory.lock.wait", "advisory.lock.held")) {
        assertThat(measured(actuator, meter, tool)).as("%s of %s", meter, tool).isPositive();
      }
      assertThat(measured(actuator, "advisory.lock.active", tool)).isZero();
    }
  }

  /** The first that is measured of a meter: of a timer, how often. */
  private static double measured(Function<String, JsonNode> actuator, String meter, Tool tool) {
    String path = "metrics/%s?tag=tool:%s".formatted(meter, tool.sessions());
    return actuator.apply(path).at("/measurements/0/value").asDouble();
  }

  private String dump() {
    return scene.probe().dump()
        + instances.stream().map(ChildProcess::output).reduce("", (all, one) -> all + "\n" + one);
  }
}
