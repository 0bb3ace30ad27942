package io.github.advisorylock;

import java.time.Duration;
import java.time.Instant;

/** Holders as another session sees them. */
final class Holders {

  private Holders() {}

  /** All that PostgreSQL can tell. */
  static LockHolder visible(String state, String query) {
    return visible(LockKey.MIGRATION, state, query);
  }

  private static LockHolder visible(LockKey key, String state, String query) {
    return new LockHolder(
        key,
        new ServerSession(
            4711,
            "app",
            "flyway holds migration (web-1:33)",
            "10.0.0.7",
            Instant.parse("2026-01-02T03:04:05.678901Z"),
            state,
            Duration.ofSeconds(12),
            query));
  }

  static LockHolder idle() {
    return visible("idle", "select 1");
  }

  static LockHolder idle(LockKey key) {
    return visible(key, "idle", "select 1");
  }

  /** One that still works for a run that has lost the lock. */
  static LockHolder orphan() {
    return new LockHolder(
        LockKey.MIGRATION.forWork(),
        new ServerSession(
            4712,
            "app",
            "app",
            "10.0.0.7",
            Instant.parse("2026-01-02T03:04:05Z"),
            "active",
            Duration.ofSeconds(12),
            "create table late as select 1"));
  }

  /** As another role sees it. */
  static LockHolder ofOtherRole() {
    return ofOtherRole(LockKey.MIGRATION);
  }

  static LockHolder ofOtherRole(LockKey key) {
    return new LockHolder(
        key,
        new ServerSession(
            4711, "", "flyway holds migration (web-1:33)", null, null, null, null, null));
  }
}
