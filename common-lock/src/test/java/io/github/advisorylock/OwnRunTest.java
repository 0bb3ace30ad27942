package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The report of a run that waits for another run of the same process. */
class OwnRunTest {

  private static final LockKey KEY = LockKey.named("own run");

  private final FakeTiming timing = new FakeTiming();

  private HeldLock hold(LockKey key) {
    return new AdvisoryLock(key, RetryPolicy.DEFAULT, LockListener.NONE, timing)
        .acquire(FakeSession.free().seenByOthers());
  }

  private static String timeout(LockKey key) {
    return new LockTimeoutException(key, Holders.idle(key), 1, Duration.ofMillis(3), null)
        .getMessage();
  }

  private static String waiting(LockKey key) {
    StringBuilder lines = new StringBuilder();
    new LogLines(line -> {}, lines::append, line -> {})
        .onWaiting(
            new LockListener.Waiting(
                key, 1, Duration.ZERO, RetryPolicy.DEFAULT, Holders.idle(key), null));
    return lines.toString();
  }

  @Test
  void shouldReportThatTheThreadWaitsForItself() {
    try (HeldLock held = hold(KEY)) {
      assertThat(timeout(held.key()))
          .contains("held by pid 4711", "\nThat is this thread itself", "key or scope=schema")
          .contains("from pg_catalog.pg_stat_activity")
          .doesNotContain("pg_terminate_backend");
      assertThat(waiting(held.key()))
          .contains(". That is this thread itself", "key or scope=schema");
    }
  }

  @Test
  void shouldReportAnotherThreadAndTheSettingThatKeepsRunsApart() throws Exception {
    try (HeldLock held = CompletableFuture.supplyAsync(() -> hold(KEY), this::inThread).get()) {
      assertThat(timeout(held.key()))
          .contains("held by pid 4711", "That is another run of this process, on thread tenant-1")
          .contains("scope=schema or key")
          .doesNotContain("pg_terminate_backend");
      assertThat(waiting(held.key())).contains("on thread tenant-1", "scope=schema or key");
    }
  }

  private void inThread(Runnable task) {
    new Thread(task, "tenant-1").start();
  }

  @Test
  void shouldReportAHolderOfAnotherProcessAsBefore() {
    try (HeldLock held = hold(LockKey.named("another key"))) {
      assertThat(held.key()).isNotEqualTo(KEY);
      assertThat(timeout(KEY)).doesNotContain("That is").contains("pg_terminate_backend(4711)");
      assertThat(waiting(KEY)).doesNotContain("That is");
    }
  }

  @Test
  void shouldReportAReleasedLockNoLonger() {
    hold(KEY).close();

    assertThat(timeout(KEY)).doesNotContain("That is");
  }

  @Test
  void shouldKnowHowLongItHoldsTheLock() throws InterruptedException {
    assertThat(Holders.idle(KEY).heldFor()).isEmpty();
    try (HeldLock held = hold(KEY)) {
      timing.sleep(Duration.ofMinutes(7));

      assertThat(Holders.idle(held.key()).heldFor()).contains(Duration.ofMinutes(7));
    }
  }
}
