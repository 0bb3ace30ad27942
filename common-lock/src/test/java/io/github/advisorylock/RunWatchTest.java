package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The watch tells the end of a run once, and nothing but its end or a stop ends the watch. */
class RunWatchTest {

  private final CountDownLatch told = new CountDownLatch(1);
  private final AtomicInteger looks = new AtomicInteger();

  private void awaitTold() throws InterruptedException {
    assertThat(told.await(60, TimeUnit.SECONDS)).as("told that the run is over").isTrue();
  }

  @Test
  void shouldTellWhenTheRunIsOver() throws InterruptedException {
    RunWatch.start(() -> looks.incrementAndGet() > 2, told::countDown);

    awaitTold();

    assertThat(looks).hasValue(3);
  }

  static Stream<Runnable> failures() {
    return Stream.of(
        () -> {
          throw new IllegalStateException("a pool's wrapper");
        },
        () -> {
          throw new OutOfMemoryError("on purpose");
        });
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldGoOnLookingWhenALookFails(Runnable failure) throws InterruptedException {
    RunWatch.start(
        () -> {
          if (looks.incrementAndGet() == 1) {
            failure.run();
          }
          return true;
        },
        told::countDown);

    awaitTold();

    assertThat(looks).hasValue(2);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldTellAgainWhenWhoIsToldFails(Runnable failure) throws InterruptedException {
    RunWatch.start(
        () -> true,
        () -> {
          if (looks.incrementAndGet() == 1) {
            failure.run();
          }
          told.countDown();
        });

    awaitTold();

    assertThat(looks).hasValue(2);
  }

  @Test
  void shouldGoOnLookingWhenInterrupted() throws InterruptedException {
    AtomicBoolean interrupted = new AtomicBoolean();
    RunWatch.start(
        () -> {
          if (interrupted.compareAndSet(false, true)) {
            Thread.currentThread().interrupt();
            return false;
          }
          return true;
        },
        told::countDown);

    awaitTold();
  }

  /** A watch that pauses for an hour is woken up, and looks often enough to see the end. */
  @Test
  void shouldLookOftenWhenTheEndIsExpected() throws InterruptedException {
    RunWatch watch =
        RunWatch.start(
            "watch",
            Duration.ofHours(1),
            Duration.ofHours(1),
            () -> looks.incrementAndGet() > 10,
            told::countDown);

    watch.expectEnd();

    awaitTold();
  }

  @Test
  void shouldNotTellAfterAStop() throws InterruptedException {
    CountDownLatch looking = new CountDownLatch(1);
    AtomicReference<Thread> watcher = new AtomicReference<>();
    AtomicReference<ClassLoader> loader =
        new AtomicReference<>(RunWatchTest.class.getClassLoader());
    RunWatch watch =
        RunWatch.start(
            () -> {
              watcher.set(Thread.currentThread());
              loader.set(Thread.currentThread().getContextClassLoader());
              looking.countDown();
              return false;
            },
            told::countDown);
    assertThat(looking.await(60, TimeUnit.SECONDS)).isTrue();

    watch.stop();
    watch.stop();

    watcher.get().join(60_000);
    assertThat(watcher.get().isAlive()).as("the watcher has ended").isFalse();
    assertThat(watcher.get().isDaemon()).isTrue();
    assertThat(loader).as("the watcher's class loader").hasValue(null);
    assertThat(told.getCount()).isEqualTo(1);
  }
}
