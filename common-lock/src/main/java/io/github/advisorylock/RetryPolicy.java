package io.github.advisorylock;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/**
 * How long and how often to try for a lock that another session holds. Immutable.
 *
 * <p>The n-th unsuccessful try is followed by a pause of {@code firstDelay + (n - 1) * step}, at
 * most {@code maxDelay}: a linear backoff. Each pause is then shortened by a random part of at most
 * a fifth, so that waiters that started together do not try together for ever.
 *
 * <p>Where more than four wait that can be woken up, pauses are made longer, up to three seconds
 * for the most of them, since it is hardly ever a pause that ends the wait. The second try, which
 * comes when a waiter has begun to listen for the release, is not counted.
 *
 * @param timeout the longest wait; zero tries once; {@link #NO_TIMEOUT} waits for ever
 * @param maxAttempts the most tries, at least 1; {@link #UNLIMITED_ATTEMPTS} for no bound
 * @param firstDelay the pause after the first try; more than zero
 * @param step what each further pause is longer than the one before; zero or more
 * @param maxDelay the longest pause, but where many wait; not less than {@code firstDelay}
 */
public record RetryPolicy(
    Duration timeout, int maxAttempts, Duration firstDelay, Duration step, Duration maxDelay) {

  /** A timeout that never comes. */
  public static final Duration NO_TIMEOUT = ChronoUnit.FOREVER.getDuration();

  /** As many tries as the timeout allows. */
  public static final int UNLIMITED_ATTEMPTS = Integer.MAX_VALUE;

  /** Five minutes, any number of tries, pauses of 100 ms, 200 ms and so on up to one second. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(
          Duration.ofMinutes(5),
          UNLIMITED_ATTEMPTS,
          Duration.ofMillis(100),
          Duration.ofMillis(100),
          Duration.ofSeconds(1));

  /**
   * A policy with the given bounds.
   *
   * @param timeout the longest wait
   * @param maxAttempts the most tries
   * @param firstDelay the pause after the first try
   * @param step what each further pause is longer
   * @param maxDelay the longest pause
   * @throws IllegalArgumentException if a bound is outside what its description allows
   */
  public RetryPolicy {
    require(!timeout.isNegative(), "timeout must not be negative", timeout);
    require(maxAttempts >= 1, "maxAttempts must be at least 1", maxAttempts);
    require(!firstDelay.isNegative() && !firstDelay.isZero(), "firstDelay must be > 0", firstDelay);
    require(!step.isNegative(), "step must not be negative", step);
    require(maxDelay.compareTo(firstDelay) >= 0, "maxDelay must be >= firstDelay", maxDelay);
  }

  private static void require(boolean holds, String rule, Object value) {
    if (!holds) {
      throw new IllegalArgumentException(rule + ", but is " + value);
    }
  }

  /**
   * The pause after an unsuccessful try, before it is shortened at random.
   *
   * @param attempt the number of the try, 1 for the first
   * @return more than zero, at most {@code maxDelay}
   * @throws IllegalArgumentException if {@code attempt} is less than 1
   */
  public Duration delayAfter(int attempt) {
    require(attempt >= 1, "attempt must be at least 1", attempt);
    long steps = attempt - 1L;
    if (steps == 0) {
      return firstDelay;
    }
    Duration longestStep = maxDelay.minus(firstDelay).dividedBy(steps); // cannot overflow
    return step.compareTo(longestStep) > 0 ? maxDelay : firstDelay.plus(step.multipliedBy(steps));
  }

  /** Whether this policy waits until it is interrupted or the tries are used up. */
  boolean isWithoutTimeout() {
    return timeout.equals(NO_TIMEOUT);
  }
}
