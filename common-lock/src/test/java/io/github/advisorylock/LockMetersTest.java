package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.CountingMode;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a registry shows that was added to Micrometer's global one. */
class LockMetersTest {

  private static final RetryPolicy THREE_TRIES = Tries.upTo(3, Duration.ofSeconds(1));

  private static final SimpleConfig STEPS =
      new SimpleConfig() {
        @Override
        public @Nullable String get(String key) {
          return null;
        }

        @Override
        public CountingMode mode() {
          return CountingMode.STEP;
        }
      };

  private final String tool = "tool " + UUID.randomUUID(); // what is counted stays with the JVM
  private final FakeTiming timing = new FakeTiming();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @BeforeEach
  void addRegistry() {
    Metrics.addRegistry(registry);
  }

  @AfterEach
  void removeRegistry() {
    Thread.interrupted();
    Metrics.removeRegistry(registry);
    remove(LonelyRun.TOOL); // whose meters are those of whatever copy of the lock came first
  }

  private static void remove(String tool) {
    Metrics.globalRegistry.getMeters().stream()
        .map(Meter::getId)
        .filter(id -> tool.equals(id.getTag("tool")))
        .forEach(Metrics.globalRegistry::remove);
  }

  private HeldLock acquire(FakeSession session) {
    LockListener listener = LockListeners.forTool(tool, LockListener.NONE);
    return new AdvisoryLock(LockKey.MIGRATION, THREE_TRIES, listener, timing).acquire(session);
  }

  private FunctionTimer timer(String name, String outcome) {
    return registry.get(name).tags("tool", tool, "outcome", outcome).functionTimer();
  }

  private double active() {
    return registry.get(LockMeters.ACTIVE).tags("tool", tool).gauge().value();
  }

  private void assertShows(String name, String outcome, int count, Duration total) {
    FunctionTimer timer = timer(name, outcome);
    assertThat(timer.count()).isEqualTo(count);
    assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isEqualTo((double) total.toNanos());
  }

  /** Newer releases of Micrometer warn of a meter that is registered twice. */
  @Test
  void shouldRegisterEachMeterOnce() {
    List<Meter.Id> asked = new ArrayList<>();
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    other
        .config()
        .meterFilter(
            new MeterFilter() {
              @Override
              public Meter.Id map(Meter.Id id) {
                asked.add(id);
                return id;
              }
            });

    LockMeters.bind(tool, other);
    LockMeters.bind(tool, other);

    assertThat(asked).hasSize(other.getMeters().size()).doesNotHaveDuplicates();
  }

  @Test
  void shouldShowWaitsThatEndedWithTheLock() {
    acquire(FakeSession.lockedUntilTry(3)).close();
    acquire(FakeSession.free()).close();

    assertShows(LockMeters.WAIT, "acquired", 2, Duration.ofSeconds(2));
  }

  /** Such as one that pushes: it sends what is new since it last did. */
  @Test
  void shouldShowALaterRegistryOfStepsWhatWasBefore() {
    acquire(FakeSession.lockedUntilTry(3)).close();
    MockClock clock = new MockClock();
    SimpleMeterRegistry later = new SimpleMeterRegistry(STEPS, clock);

    LockMeters.bind(tool, later);
    clock.add(STEPS.step());

    assertThat(
            later
                .get(LockMeters.WAIT)
                .tags("tool", tool, "outcome", "acquired")
                .functionTimer()
                .count())
        .isEqualTo(1);
  }

  @Test
  void shouldShowAWaitThatTimedOut() {
    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(FakeSession.locked()));

    assertShows(LockMeters.WAIT, "timeout", 1, Duration.ofSeconds(2));
    assertShows(LockMeters.WAIT, "acquired", 0, Duration.ZERO);
  }

  @Test
  void shouldShowAWaitThatWasInterrupted() {
    timing.duringSleep(
        () -> {
          if (timing.slept().toSeconds() == 1) {
            Thread.currentThread().interrupt();
          }
        });

    assertThatExceptionOfType(LockInterruptedException.class)
        .isThrownBy(() -> acquire(FakeSession.locked()));

    assertShows(LockMeters.WAIT, "interrupted", 1, Duration.ofSeconds(1));
  }

  @Test
  void shouldShowAWaitThatWasOfNoUse() {
    FakeSession session =
        FakeSession.lockedUntilTry(2)
            .neverStartsAfresh()
            .next(failing(new SQLException("gone", "08006")));

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(() -> acquire(session));

    assertShows(LockMeters.WAIT, "unavailable", 1, Duration.ofSeconds(1));
  }

  @Test
  void shouldShowHowLongTheLockWasHeld() {
    HeldLock held = acquire(FakeSession.free());
    timing.pass(Duration.ofSeconds(90));
    held.close();

    assertShows(LockMeters.HELD, "released", 1, Duration.ofSeconds(90));
  }

  @Test
  void shouldShowThatTheLockWasLost() {
    HeldLock held = acquire(FakeSession.free().problemAtRelease("gone"));
    timing.pass(Duration.ofSeconds(90));
    held.close();

    assertShows(LockMeters.HELD, "lost", 1, Duration.ofSeconds(90));
    assertShows(LockMeters.HELD, "released", 0, Duration.ZERO);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldShowHowManyLocksAreHeld(boolean lost) {
    FakeSession session = FakeSession.free();
    HeldLock one = acquire(lost ? session.problemAtRelease("gone") : session);
    HeldLock other = acquire(FakeSession.free());

    assertThat(active()).isEqualTo(2);
    one.close();
    assertThat(active()).isEqualTo(1);
    other.close();
    assertThat(active()).isZero();
  }

  /** An application's migrations are over before many a registry is made. */
  @Test
  void shouldShowInALaterRegistryWhatWasBefore() {
    Metrics.removeRegistry(registry);
    acquire(FakeSession.lockedUntilTry(3)).close();
    HeldLock held = acquire(FakeSession.free());

    Metrics.addRegistry(registry);

    assertShows(LockMeters.WAIT, "acquired", 2, Duration.ofSeconds(2));
    assertShows(LockMeters.HELD, "released", 1, Duration.ZERO);
    assertThat(active()).isEqualTo(1);
    held.close();
  }

  @Test
  void shouldShowTheSameInARegistryThatIsNotPartOfTheGlobalOne() {
    acquire(FakeSession.lockedUntilTry(3)).close();
    SimpleMeterRegistry own = new SimpleMeterRegistry();

    new AdvisoryLockMetrics(List.of(tool)).bindTo(own);
    acquire(FakeSession.free()).close();

    assertThat(counted(own)).isEqualTo(2).isEqualTo(counted(registry));
  }

  @Test
  void shouldHaveNoMeterTwiceInARegistryThatIsPartOfTheGlobalOneAndBound() {
    acquire(FakeSession.free()).close();
    List<Meter.Id> before = registry.getMeters().stream().map(Meter::getId).toList();

    new AdvisoryLockMetrics(List.of(tool)).bindTo(registry);

    assertThat(registry.getMeters()).extracting(Meter::getId).containsExactlyElementsOf(before);
  }

  @Test
  void shouldShowThatThereWasNoLockYet() {
    new AdvisoryLockMetrics(List.of(tool)).bindTo(registry);

    assertShows(LockMeters.WAIT, "acquired", 0, Duration.ZERO);
    assertThat(active()).isZero();
  }

  private double counted(MeterRegistry where) {
    return where
        .get(LockMeters.WAIT)
        .tags("tool", tool, "outcome", "acquired")
        .functionTimer()
        .count();
  }

  @Test
  void shouldGoOnCountingWhenTheRegistryHasBeenCleared() {
    acquire(FakeSession.free()).close();
    remove(tool);

    acquire(FakeSession.free()).close();

    assertShows(LockMeters.WAIT, "acquired", 2, Duration.ZERO);
  }

  @Test
  void shouldCountForTheCopyOfAWebApplication() throws ReflectiveOperationException {
    assertThat(new OwnCopies(name -> false).runLonely()).isEqualTo(LonelyRun.LOG);

    FunctionTimer waits =
        registry
            .get(LockMeters.WAIT)
            .tags("tool", LonelyRun.TOOL, "outcome", "acquired")
            .functionTimer();
    assertThat(waits.count()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io.micrometer.core.instrument.Metrics",
        "io.micrometer.core.instrument.FunctionTimer",
        "io.micrometer.core.instrument.Gauge",
        "io.micrometer.core.instrument.MeterRegistry"
      })
  void shouldTakeTheLockWhereMicrometerIsNotSeenOrOnlyInPart(String hidden)
      throws ReflectiveOperationException {
    assertThat(new OwnCopies(name -> name.startsWith(hidden)).runLonely()).isEqualTo(LonelyRun.LOG);
  }

  /** If the global one gets them later, it offers them to its parts, which have them by then. */
  @Test
  void shouldBindAPartOfTheGlobalRegistryByWayOfThat() {
    new AdvisoryLockMetrics(List.of(tool)).bindTo(registry);

    assertThat(Metrics.globalRegistry.find(LockMeters.ACTIVE).tags(LockMeters.TOOL, tool).gauge())
        .isNotNull();
    assertThat(registry.find(LockMeters.ACTIVE).tags(LockMeters.TOOL, tool).gauge()).isNotNull();
  }

  @Test
  void shouldNotBindACompositeWhosePartsHaveTheMeters() {
    CompositeMeterRegistry composite = new CompositeMeterRegistry();
    composite.add(registry);

    new AdvisoryLockMetrics(List.of(tool)).bindTo(composite);

    assertThat(composite.getMeters()).isEmpty();
    assertThat(registry.find(LockMeters.ACTIVE).tags(LockMeters.TOOL, tool).gauge()).isNotNull();
  }
}
