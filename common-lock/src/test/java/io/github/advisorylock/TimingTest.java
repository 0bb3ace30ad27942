package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The real clock and chance, as far as that needs no waiting. */
class TimingTest {

  @Test
  void shouldNotSleepWhenInterrupted() {
    Thread.currentThread().interrupt();

    assertThatExceptionOfType(InterruptedException.class)
        .isThrownBy(() -> Timing.SYSTEM.sleep(Duration.ofDays(200_000)));
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void shouldGiveManyNumbersFromZeroToBelowOne() {
    assertThat(Stream.generate(Timing.SYSTEM::random).limit(100).toList())
        .allSatisfy(number -> assertThat(number).isBetween(0.0, Math.nextDown(1.0)))
        .doesNotHaveDuplicates();
  }
}
