package io.github.advisorylock;

import java.time.Instant;

/** Holders as another session sees them. */
final class Holders {

  private Holders() {}

  /** All that PostgreSQL can tell. */
  static LockHolder visible(String state, String query) {
    return new LockHolder(
        LockKey.MIGRATION,
        4711,
        "app",
        "flyway holds migration (web-1:33)",
        "10.0.0.7",
        Instant.parse("2026-01-02T03:04:05.678901Z"),
        state,
        query);
  }

  static LockHolder idle() {
    return visible("idle", "select 1");
  }

  /** As another role sees it. */
  static LockHolder ofOtherRole() {
    return new LockHolder(
        LockKey.MIGRATION, 4711, "", "flyway holds migration (web-1:33)", null, null, null, null);
  }
}
