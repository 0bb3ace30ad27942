package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.advisorylock.LockKey;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real runs of both tools show in a flight recording, and in a registry of Micrometer's. */
class WatchingIT extends LocalLiquibaseScene {

  private static final String WAITING = "io.github.advisorylock.Waiting";
  private static final String HELD = "io.github.advisorylock.Held";
  private static final String LOST = "io.github.advisorylock.Lost";
  private static final String FLYWAY = "flyway";
  private static final String LIQUIBASE = "liquibase";

  private final Recording recording = new Recording();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private Counts before;
  private final Map<String, Double> heldBefore = new HashMap<>();

  @BeforeEach
  void start() {
    List.of(WAITING, HELD, LOST).forEach(recording::enable);
    recording.start();
    Metrics.addRegistry(registry);
    before = new Counts();
    List.of(FLYWAY, LIQUIBASE).forEach(tool -> heldBefore.put(tool, active(tool)));
  }

  @AfterEach
  void stop() {
    executor.shutdownNow();
    Metrics.removeRegistry(registry);
    recording.close();
  }

  /** What was counted up to now: the registry shows what other tests of this JVM did, too. */
  private final class Counts {
    private final Map<String, Double> counts =
        registry.getMeters().stream()
            .filter(FunctionTimer.class::isInstance)
            .map(FunctionTimer.class::cast)
            .collect(Collectors.toMap(Counts::name, FunctionTimer::count));

    private static String name(FunctionTimer timer) {
      return String.join(
          " ",
          timer.getId().getName(),
          timer.getId().getTag("tool"),
          timer.getId().getTag("outcome"));
    }

    /** How often more than before, such as {@code advisory.lock.wait flyway acquired}. */
    double since(Counts earlier, String name) {
      return counts.getOrDefault(name, 0.0) - earlier.counts.getOrDefault(name, 0.0);
    }
  }

  private double counted(String name) {
    return new Counts().since(before, name);
  }

  /** How many more locks are held than before the test, in this JVM. */
  private double held(String tool) {
    return active(tool) - heldBefore.get(tool);
  }

  private double active(String tool) {
    return registry.find("advisory.lock.active").tags("tool", tool).gauges().stream()
        .mapToDouble(Gauge::value)
        .sum();
  }

  /**
   * Those of this test's key: the recording has what other tests of this JVM leave running, too.
   */
  private List<RecordedEvent> recorded(String name) throws IOException {
    Path file = folder.resolve(name + ".jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .filter(event -> key().toString().equals(event.getString("key")))
        .toList();
  }

  /** Of each test its own: JDK 17 may lose a text that an earlier recording of the JVM had, too. */
  private LockKey key() {
    return LockKey.named(scene.database().name());
  }

  private Flyway flyway() {
    return flyway(Map.of());
  }

  private Flyway flyway(Map<String, String> settings) {
    FluentConfiguration configuration =
        Flyway.configure()
            .dataSource(
                scene.database().url(), scene.database().user(), scene.database().password())
            .locations("filesystem:" + folder)
            .configuration(Map.of("flyway.advisoryLock.key", key().name()));
    return configuration.configuration(settings).load();
  }

  /** Ends the session that holds the lock, and returns when it has gone. */
  private void terminateHolder() {
    int pid = scene.probe().holders(key().value()).get(0).pid();
    scene.database().execute("SELECT pg_terminate_backend(" + pid + ")");
    scene
        .probe()
        .awaitUntil(
            () -> scene.probe().sessions().stream().noneMatch(session -> session.pid() == pid),
            "the holder has gone");
  }

  private void awaitWaiter(String tool) {
    scene
        .probe()
        .awaitUntil(
            () ->
                scene.probe().sessions().stream()
                    .anyMatch(session -> session.application().startsWith(tool + " waits for")),
            tool + " waits");
  }

  /** Runs the tool while somebody else holds the lock, and lets it go on when it waits. */
  private void runAfterWaiting(String tool, Callable<?> run) throws Exception {
    Future<?> waiting =
        KeyHolder.whileHeld(
            key(),
            scene.database(),
            () -> {
              Future<?> future = executor.submit(run);
              awaitWaiter(tool);
              return future;
            });
    waiting.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
  }

  private void assertWaitAndHoldWereRecorded() throws IOException {
    List<RecordedEvent> waits = recorded(WAITING);
    assertThat(waits)
        .singleElement()
        .satisfies(
            wait -> {
              assertThat(wait.getString("key")).isEqualTo(key().toString());
              assertThat(wait.getString("holder")).contains("[" + Database.HARNESS + "]");
              assertThat(wait.getInt("attempts")).isGreaterThan(1);
              assertThat(wait.getString("outcome")).isEqualTo("acquired");
              assertThat(wait.getDuration()).isPositive();
            });
    assertThat(recorded(HELD))
        .isNotEmpty()
        .allSatisfy(
            held -> {
              assertThat(held.getString("key")).isEqualTo(key().toString());
              assertThat(held.getString("outcome")).isEqualTo("released");
              assertThat(held.getDuration()).isPositive();
            })
        .anySatisfy(
            held -> {
              assertThat(held.getInt("attempts")).isEqualTo(waits.get(0).getInt("attempts"));
              assertThat(held.getDuration("waited")).isGreaterThanOrEqualTo(Duration.ofMillis(1));
            });
    assertThat(recorded(LOST)).isEmpty();
  }

  @Test
  void shouldShowARunOfFlywayThatHadToWait() throws Exception {
    new Migrations()
        .versioned("1", "one", "CREATE TABLE one (id int)")
        .writeTo(folder, Tool.FLYWAY);

    runAfterWaiting(FLYWAY, flyway()::migrate);

    assertThat(counted("advisory.lock.wait flyway acquired")).isEqualTo(1);
    assertThat(counted("advisory.lock.held flyway released")).isEqualTo(1);
    assertThat(held(FLYWAY)).isZero();
    assertWaitAndHoldWereRecorded();
  }

  @Test
  void shouldShowARunOfLiquibaseThatHadToWait() throws Exception {
    writeOne();
    LocalLiquibase liquibase = liquibase().with(SETTINGS + "key", key().name());

    runAfterWaiting(
        LIQUIBASE,
        () -> {
          liquibase.update();
          return null;
        });

    assertThat(counted("advisory.lock.wait liquibase acquired")).isEqualTo(1);
    assertThat(counted("advisory.lock.held liquibase released")).isEqualTo(1);
    assertThat(counted("advisory.lock.wait liquibase timeout"))
        .as("the look whether the history may be created now is no wait")
        .isZero();
    assertThat(held(LIQUIBASE)).isZero();
    assertWaitAndHoldWereRecorded();
  }

  @Test
  void shouldShowThatTheLockIsHeldWhileFlywayMigrates() throws Exception {
    try (Brake brake = Brake.on(scene.database())) {
      new Migrations().versioned("1", "stop", Brake.SQL).writeTo(folder, Tool.FLYWAY);
      Future<?> run = executor.submit(flyway()::migrate);
      brake.awaitStopped();

      assertThat(held(FLYWAY)).isEqualTo(1);

      brake.release();
      run.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(held(FLYWAY)).isZero();
  }

  @Test
  void shouldShowThatFlywaysWaitTimedOut() throws Exception {
    new Migrations()
        .versioned("1", "one", "CREATE TABLE one (id int)")
        .writeTo(folder, Tool.FLYWAY);
    Flyway flyway =
        flyway(
            Map.of("flyway.advisoryLock.maxAttempts", "2", "flyway.advisoryLock.backoff", "1ms"));

    FlywayException failure =
        KeyHolder.whileHeld(
            key(),
            scene.database(),
            () -> catchThrowableOfType(FlywayException.class, flyway::migrate));

    assertThat(failure).isNotNull();
    assertThat(counted("advisory.lock.wait flyway timeout")).isEqualTo(1);
    assertThat(recorded(WAITING))
        .singleElement()
        .satisfies(
            wait -> {
              assertThat(wait.getString("outcome")).isEqualTo("timeout");
              assertThat(wait.getInt("attempts")).isEqualTo(2);
            });
  }

  @Test
  void shouldShowThatFlywayHasLostTheLock() throws Exception {
    try (Brake brake = Brake.on(scene.database())) {
      new Migrations().versioned("1", "stop", Brake.SQL).writeTo(folder, Tool.FLYWAY);
      Future<?> run = executor.submit(flyway()::migrate);
      brake.awaitStopped();
      terminateHolder();
      brake.release();

      assertThat(run).failsWithin(Await.DEADLINE);
    }

    assertThat(counted("advisory.lock.held flyway lost")).isEqualTo(1);
    assertThat(counted("advisory.lock.held flyway released")).isZero();
    assertThat(held(FLYWAY)).isZero();
    assertThat(recorded(LOST))
        .singleElement()
        .satisfies(
            lost -> {
              assertThat(lost.getString("key")).isEqualTo(key().toString());
              assertThat(lost.getString("reason")).contains("57P01");
              assertThat(lost.getDuration("held")).isPositive();
            });
    assertThat(recorded(HELD))
        .singleElement()
        .satisfies(held -> assertThat(held.getString("outcome")).isEqualTo("lost"));
  }
}
