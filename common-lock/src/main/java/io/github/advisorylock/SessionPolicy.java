package io.github.advisorylock;

import java.time.Duration;

/**
 * How a session holds a lock, and what bounds the work under it. Immutable.
 *
 * @param pooling what stands between client and server
 * @param lease how long a session of the lock's own may be silent before the server ends it, and
 *     with it the lock: the client confirms three times as often that it is alive. Bounds how long
 *     a frozen or unreachable client keeps everybody waiting. Zero for no such bound; otherwise at
 *     least {@link #SHORTEST_LEASE} and at most {@link #LONGEST_LEASE}. PostgreSQL has it from
 *     release 14 on
 * @param wakeUp whether those who wait listen for the release, and the holder tells one of them.
 *     Where that is not possible, such as behind a pooler, they try now and then as they do anyway
 * @param timeouts how long the statements of the work may take, on whatever session that is done.
 *     The statements of a lock that has a session of its own are not bounded by it
 */
public record SessionPolicy(
    Pooling pooling, Duration lease, boolean wakeUp, WorkTimeouts timeouts) {

  /** A busy machine must be able to keep it. */
  public static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);

  /** Far below what the server's settings can hold, and more than anybody should wait. */
  public static final Duration LONGEST_LEASE = Duration.ofDays(1);

  /** Finds poolers out, a lease of 30 seconds, wake-up, and no timeouts. */
  public static final SessionPolicy DEFAULT =
      new SessionPolicy(Pooling.AUTO, Duration.ofSeconds(30), true);

  /** How many times in a lease the client says that it is alive. */
  private static final int BEATS = 3;

  /**
   * A policy.
   *
   * @param pooling what stands between client and server
   * @param lease zero, or within its bounds
   * @param wakeUp whether to listen while waiting, and to tell of a release
   * @param timeouts for the work
   * @throws IllegalArgumentException if the lease is neither zero nor within its bounds
   */
  public SessionPolicy {
    if (!lease.isZero()
        && (lease.compareTo(SHORTEST_LEASE) < 0 || lease.compareTo(LONGEST_LEASE) > 0)) {
      throw new IllegalArgumentException(
          "A lease is zero, or from %s to %s, but not %s"
              .formatted(SHORTEST_LEASE, LONGEST_LEASE, lease));
    }
  }

  /**
   * A policy without timeouts for the work.
   *
   * @param pooling what stands between client and server
   * @param lease zero, or within its bounds
   * @param wakeUp whether to listen while waiting, and to tell of a release
   * @throws IllegalArgumentException if the lease is neither zero nor within its bounds
   */
  public SessionPolicy(Pooling pooling, Duration lease, boolean wakeUp) {
    this(pooling, lease, wakeUp, WorkTimeouts.NONE);
  }

  /**
   * The same, on a session that somebody works on: the work is what keeps that one.
   *
   * @return this policy without a lease
   */
  SessionPolicy withoutLease() {
    return new SessionPolicy(pooling, Duration.ZERO, wakeUp, timeouts);
  }

  boolean hasLease() {
    return !lease.isZero();
  }

  /** A beat that comes late by half a lease is still in time. */
  Duration betweenBeats() {
    return lease.dividedBy(BEATS);
  }
}
