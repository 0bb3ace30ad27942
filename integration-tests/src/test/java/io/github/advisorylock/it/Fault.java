package io.github.advisorylock.it;

import java.time.Duration;
import java.util.Optional;

/** What goes wrong in a round of {@link ChaosIT}, once, to one runner or to the server. */
enum Fault {
  KILL_HOLDER("kill -9 of the holder"),
  KILL_WAITER("kill -9 of a waiter"),
  FREEZE_HOLDER("the holder is stopped until another has taken over"),
  TERMINATE_LOCK("the lock's session is terminated"),
  TERMINATE_WORK("the working session is terminated"),
  TERMINATE_BOTH("both sessions are terminated"),
  CUT_ALL("all connections of the holder are cut"),
  CUT_ONE("one connection of the holder is cut"),
  SWALLOW("the holder's network goes silent"),
  RESTART_FAST_HOLDING("fast restart of the server while one works"),
  RESTART_FAST_WAITING("fast restart of the server while all wait"),
  RESTART_IMMEDIATE_HOLDING("immediate restart of the server while one works"),
  RESTART_IMMEDIATE_WAITING("immediate restart of the server while all wait");

  private static final Duration AFTER_LEASE = Duration.ofSeconds(2);

  private final String description;

  Fault(String description) {
    this.description = description;
  }

  String description() {
    return description;
  }

  /** Within which time another runner must begin to work, where that is promised. */
  Optional<Duration> promise() {
    return switch (this) {
      case KILL_HOLDER -> Optional.of(Duration.ofSeconds(2));
      case FREEZE_HOLDER, SWALLOW -> Optional.of(Lease.LENGTH.plus(AFTER_LEASE));
      default -> Optional.empty();
    };
  }

  /** Only the lease ends a lock whose holder neither works nor goes. */
  boolean needsLease() {
    return this == FREEZE_HOLDER || this == SWALLOW;
  }

  boolean needsProxy() {
    return this == CUT_ALL || this == CUT_ONE || this == SWALLOW;
  }

  boolean isRestart() {
    return name().startsWith("RESTART");
  }

  boolean isImmediate() {
    return name().startsWith("RESTART_IMMEDIATE");
  }

  /** Whether it happens while somebody else than the runners holds the lock. */
  boolean isWhileAllWait() {
    return isRestart() && name().endsWith("WAITING");
  }
}
