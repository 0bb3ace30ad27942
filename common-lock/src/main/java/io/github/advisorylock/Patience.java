package io.github.advisorylock;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

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

  /** How many waiters, of those that can be woken up, ask the server as often as one would. */
  private static final int FEW_LISTENERS = 4;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

  /** Even if there are very many, each looks so often whether anybody else is alive. */
  private static final Duration LONGEST_SHARED = Duration.ofSeconds(3);

  private static final Duration BETWEEN_REPORTS = Duration.ofSeconds(10);

  /** Even if there are very many, each tells so often that it is alive. */
  private static final Duration LONGEST_BETWEEN_REPORTS = Duration.ofSeconds(30);

  private static final Duration SHORTEST_TO_OPEN = Duration.ofSeconds(1);

  private final RetryPolicy retry;
  private final Timing timing;
  private final Duration start;
  private int attempts;
  private Duration countedAt = Duration.ZERO;
  private @Nullable Duration toldAt;

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
    countedAt = waited();
  }

  /**
   * Counts a look at what has to end before the lock that is ours can be used, or an attempt that
   * another session may have caused. Both may come more often than attempts of the policy: as many
   * of them count as there would have been of those meanwhile.
   *
   * @return whether this one counts
   */
  boolean countUnplanned() {
    boolean counts = waited().minus(countedAt).compareTo(retry.delayAfter(attempts)) >= 0;
    if (counts) {
      countTry();
    }
    return counts;
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
    timing.sleep(nextPause(0));
  }

  /**
   * The pause until the next try. Those who are woken up when it is their turn need to try only in
   * case that nobody is left to wake them, and it is enough if one of them does: many make longer
   * pauses, so that all together try as often as a few would.
   *
   * @param listeners how many wait to be woken up, this one included; zero if this one does not
   */
  Duration nextPause(int listeners) {
    Duration delay = shared(retry.delayAfter(attempts), listeners, LONGEST_SHARED);
    long nanos = TimeUnit.NANOSECONDS.convert(delay); // at most Long.MAX_VALUE
    Duration shortened = delay.minusNanos((long) (nanos * LARGEST_JITTER * timing.random()));
    return shorter(shortened, timeLeft());
  }

  /**
   * Whether it is to be told that the wait goes on, for which the server is asked who has the lock.
   * Many tell less often, so that all together do about as often as a few would.
   *
   * @param listeners how many wait to be woken up, this one included; zero if this one does not
   * @return true also if it has not been told yet
   */
  boolean isReportDue(int listeners) {
    Duration told = toldAt;
    Duration between = shared(BETWEEN_REPORTS, listeners, LONGEST_BETWEEN_REPORTS);
    return told == null || waited().minus(told).compareTo(between) >= 0;
  }

  /** It has been told, at this point of the wait. */
  void countReport(Duration at) {
    toldAt = at;
  }

  private static Duration shared(Duration ofEach, int listeners, Duration longest) {
    return listeners > FEW_LISTENERS && ofEach.compareTo(longest) < 0
        ? shorter(ofEach.multipliedBy(listeners).dividedBy(FEW_LISTENERS), longest)
        : ofEach;
  }

  /**
   * How long a connection may take to open: the last attempt, for which no time is left, gets a
   * second, and the only one of a policy without a wait is not cut at all.
   */
  Duration timeToOpen() {
    Duration left = retry.timeout().isZero() ? BoundedSource.LONGEST : timeLeft();
    Duration atLeast = left.compareTo(SHORTEST_TO_OPEN) < 0 ? SHORTEST_TO_OPEN : left;
    return shorter(atLeast, BoundedSource.LONGEST);
  }

  /** The pause until the next look, while the lock is ours and nobody else tries. */
  Duration pauseUntilLook() {
    return shorter(BETWEEN_LOOKS, timeLeft());
  }

  private Duration timeLeft() {
    return nonNegative(retry.timeout().minus(waited()));
  }

  /** No pause under a policy is longer. */
  static Duration longestPause(RetryPolicy retry) {
    Duration longest = retry.maxDelay();
    return longest.compareTo(LONGEST_SHARED) < 0 ? LONGEST_SHARED : longest;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  private static Duration nonNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }
}
