package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryPolicyTest {

  private static final Duration NANO = Duration.ofNanos(1);
  private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);

  private static RetryPolicy policy(Duration first, Duration step, Duration max) {
    return new RetryPolicy(Duration.ofMinutes(5), RetryPolicy.UNLIMITED_ATTEMPTS, first, step, max);
  }

  private static RetryPolicy policyOfMillis(long first, long step, long max) {
    return policy(Duration.ofMillis(first), Duration.ofMillis(step), Duration.ofMillis(max));
  }

  @Test
  void shouldWaitFiveMinutesByDefault() {
    assertThat(RetryPolicy.DEFAULT.timeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(RetryPolicy.DEFAULT.maxAttempts()).isEqualTo(RetryPolicy.UNLIMITED_ATTEMPTS);
  }

  @Test
  void shouldGrowFrom100MillisecondsToOneSecondByDefault() {
    assertThat(IntStream.rangeClosed(1, 12).mapToObj(RetryPolicy.DEFAULT::delayAfter))
        .extracting(Duration::toMillis)
        .containsExactly(100L, 200L, 300L, 400L, 500L, 600L, 700L, 800L, 900L, 1000L, 1000L, 1000L);
  }

  @ParameterizedTest
  @CsvSource({
    // first, step, max, attempt, expected
    "100, 0, 1000, 1, 100",
    "100, 0, 1000, 1000000, 100",
    "100, 300, 1000, 3, 700",
    "100, 300, 1000, 4, 1000",
    "100, 300, 1000, 5, 1000",
    "100, 300, 1100, 4, 1000",
    "100, 300, 1100, 5, 1100",
    "100, 5000, 1000, 1, 100",
    "100, 5000, 1000, 2, 1000",
    "1000, 100, 1000, 1, 1000",
    "1000, 100, 1000, 2, 1000",
    "1, 1, 3600000, 2147483647, 3600000"
  })
  void shouldAddAStepForEachTryUpToTheCap(
      long first, long step, long max, int attempt, long expected) {
    assertThat(policyOfMillis(first, step, max).delayAfter(attempt))
        .isEqualTo(Duration.ofMillis(expected));
  }

  static Stream<RetryPolicy> everyKindOfPolicy() {
    List<Duration> bounds =
        List.of(
            NANO,
            Duration.ofNanos(7),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofDays(365),
            LONGEST.minusNanos(1),
            LONGEST);
    List<RetryPolicy> policies = new ArrayList<>();
    for (Duration first : bounds) {
      for (Duration max : bounds) {
        if (max.compareTo(first) >= 0) {
          policies.add(policy(first, Duration.ZERO, max));
          bounds.forEach(step -> policies.add(policy(first, step, max)));
        }
      }
    }
    return policies.stream();
  }

  @ParameterizedTest
  @MethodSource("everyKindOfPolicy")
  void shouldNeverPauseLessThanTheFirstNorMoreThanTheLongestDelay(RetryPolicy policy) {
    Duration before = policy.firstDelay();
    for (int attempt : new int[] {1, 2, 3, 10, 1_000, Integer.MAX_VALUE - 1, Integer.MAX_VALUE}) {
      Duration delay = policy.delayAfter(attempt);

      assertThat(delay).as("after try %d", attempt).isBetween(before, policy.maxDelay());
      before = delay;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void shouldKnowNoTryBeforeTheFirst(int attempt) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RetryPolicy.DEFAULT.delayAfter(attempt))
        .withMessage("attempt must be at least 1, but is " + attempt);
  }

  static Stream<Runnable> impossiblePolicies() {
    Duration second = Duration.ofSeconds(1);
    return Stream.of(
        () -> new RetryPolicy(second.negated(), 1, second, second, second),
        () -> new RetryPolicy(second, 0, second, second, second),
        () -> new RetryPolicy(second, -1, second, second, second),
        () -> new RetryPolicy(second, 1, Duration.ZERO, second, second),
        () -> new RetryPolicy(second, 1, second.negated(), second, second),
        () -> new RetryPolicy(second, 1, second, NANO.negated(), second),
        () -> new RetryPolicy(second, 1, second, second, second.minusNanos(1)));
  }

  @ParameterizedTest
  @MethodSource("impossiblePolicies")
  void shouldRefuseImpossibleBounds(Runnable construction) {
    assertThatIllegalArgumentException().isThrownBy(construction::run);
  }

  @Test
  void shouldTellOnlyNoTimeoutFromATimeout() {
    RetryPolicy without = new RetryPolicy(RetryPolicy.NO_TIMEOUT, 1, NANO, NANO, NANO);

    assertThat(without.isWithoutTimeout()).isTrue();
    assertThat(RetryPolicy.DEFAULT.isWithoutTimeout()).isFalse();
  }
}
