package io.github.advisorylock;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * One wait under a {@link RetryPolicy}, which begins when this object is made: counts the tries,
 * sleeps between them, and knows when there have been enough. The pauses grow linearly and are
 * shortened by up to a fifth at random, so that those who wait together do not try together. The
 * last try comes when the timeout has passed, so a wait is at most one try longer than that.
 *
 * <p>For one thread.
 */
public final class Patience {

  private static final double LARGEST_JITTER = 0.2;

  private final RetryPolicy retry;
  private final Timing timing;
  private final Duration start;
  private int attempts;

  /**
   * A wait that begins now.
   *
   * @param retry what bounds it
   */
  public Patience(RetryPolicy retry) {
    this(retry, Timing.SYSTEM);
  }

  Patience(RetryPolicy retry, Timing timing) {
    this.retry = retry;
    this.timing = timing;
    this.start = timing.now();
  }

  /** Counts another try. */
  public void countTry() {
    attempts++;
  }

  /**
   * The tries so far.
   *
   * @return zero or more
   */
  public int attempts() {
    return attempts;
  }

  /**
   * The time so far.
   *
   * @return zero or more
   */
  public Duration waited() {
    return timing.now().minus(start);
  }

  /**
   * Whether there must not be another try.
   *
   * @return true if the timeout has passed or there were as many tries as are allowed
   */
  public boolean isExhausted() {
    return attempts >= retry.maxAttempts() || waited().compareTo(retry.timeout()) >= 0;
  }

  /**
   * Sleeps until the next try.
   *
   * @throws InterruptedException if the thread is interrupted, before or meanwhile; its interrupt
   *     flag is clear then
   */
  public void pause() throws InterruptedException {
    Duration delay = retry.delayAfter(attempts);
    long nanos = TimeUnit.NANOSECONDS.convert(delay); // at most Long.MAX_VALUE
    Duration shortened = delay.minusNanos((long) (nanos * LARGEST_JITTER * timing.random()));
    Duration left = retry.timeout().minus(waited());
    timing.sleep(shortened.compareTo(left) < 0 ? shortened : nonNegative(left));
  }

  private static Duration nonNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }
}
