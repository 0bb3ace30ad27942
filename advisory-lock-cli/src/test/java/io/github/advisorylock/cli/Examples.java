package io.github.advisorylock.cli;

import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What the manual shows, and the manual. */
final class Examples {

  private Examples() {}

  static String manual() {
    try {
      return Files.readString(Path.of("..", "docs", "command.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that migrates, and one that waits for it. */
  static LockStatus held() {
    LockKey key = LockKey.MIGRATION;
    return new LockStatus(
        key,
        List.of(
            session(
                key,
                25450,
                "flyway holds migration (web-7f9c-x2x9p:1)",
                "idle",
                3_200,
                "select exists (…)")),
        List.of(
            session(
                key.forWork(),
                25447,
                "PostgreSQL JDBC Driver",
                "active",
                11_500,
                "create index orders_note on orders (note)")),
        List.of(ofOtherRole(key.forWaiting(), 25467)));
  }

  static LockStatus free() {
    return new LockStatus(LockKey.MIGRATION, List.of(), List.of(), List.of());
  }

  static LockHolder session(
      LockKey key, int pid, String name, String state, long millis, String statement) {
    return new LockHolder(
        key,
        new ServerSession(
            pid,
            "app",
            name,
            "10.0.0.7",
            Instant.parse("2026-11-21T02:25:37.678901Z"),
            state,
            Duration.ofMillis(millis),
            statement));
  }

  static LockHolder ofOtherRole(LockKey key, int pid) {
    return new LockHolder(
        key,
        new ServerSession(
            pid,
            "billing",
            "liquibase waits for migration (job-k8s4d:1)",
            null,
            null,
            null,
            null,
            null));
  }
}
