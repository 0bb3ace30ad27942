package io.github.advisorylock;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How long the server lets a statement of the work take, which is what happens under a lock.
 * Immutable.
 *
 * @param lock how long it may wait for a lock of any kind, before it fails with SQLSTATE 55P03;
 *     zero for as long as it takes, whatever the role or the database is set to; null to leave that
 *     as it is
 * @param statement how long it may take in all, before it fails with SQLSTATE 57014; zero and null
 *     as above
 */
public record WorkTimeouts(@Nullable Duration lock, @Nullable Duration statement) {

  /** The server counts in milliseconds. */
  public static final Duration SHORTEST = Duration.ofMillis(1);

  /** The server's settings hold little more. */
  public static final Duration LONGEST = Duration.ofDays(24);

  /** Both are left as they are. */
  public static final WorkTimeouts NONE = new WorkTimeouts(null, null);

  private static final String OFF = "0";
  private static final int LOOKS_IN_A_WAIT = 3;
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);

  /**
   * Timeouts.
   *
   * @param lock null, zero, or within the bounds
   * @param statement null, zero, or within the bounds
   * @throws IllegalArgumentException if one of them is neither null nor zero nor within the bounds
   */
  public WorkTimeouts {
    refuseUnlessPossible(lock);
    refuseUnlessPossible(statement);
  }

  private static void refuseUnlessPossible(@Nullable Duration timeout) {
    if (timeout != null && !isPossible(timeout)) {
      throw new IllegalArgumentException(
          "A timeout is zero, or from %s to %s, but not %s".formatted(SHORTEST, LONGEST, timeout));
    }
  }

  static boolean isPossible(Duration timeout) {
    return timeout.isZero()
        || (timeout.compareTo(SHORTEST) >= 0 && timeout.compareTo(LONGEST) <= 0);
  }

  boolean areSet() {
    return lock != null || statement != null;
  }

  boolean boundLocks() {
    return lock != null && !lock.isZero();
  }

  boolean boundStatements() {
    return statement != null && !statement.isZero();
  }

  /** How often to look who is in the way, so that one look at least falls into a wait. */
  Optional<Duration> betweenLooks() {
    if (lock == null || lock.isZero()) {
      return Optional.empty();
    }
    Duration part = lock.dividedBy(LOOKS_IN_A_WAIT);
    return Optional.of(part.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : part);
  }

  /** As settings of a session or transaction, those that are set. */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    if (lock != null) {
      settings.put(SessionSettings.LOCK_TIMEOUT, SessionSettings.inMillis(lock));
    }
    if (statement != null) {
      settings.put(SessionSettings.STATEMENT_TIMEOUT, SessionSettings.inMillis(statement));
    }
    return settings;
  }

  /** The same settings, with no bound. */
  Map<String, String> suspended() {
    Map<String, String> settings = settings();
    settings.replaceAll((name, value) -> OFF);
    return settings;
  }
}
