package io.github.advisorylock.it;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The only place where tests sleep: waits until something can be observed, with a deadline so
 * generous that it says "broken", never "slow".
 */
final class Await {
  static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final long INTERVAL_MILLIS = 20;

  private Await() {}

  /** Returns once {@code condition} holds; otherwise fails with {@code dump} in the message. */
  static void until(BooleanSupplier condition, String description, Supplier<String> dump) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > DEADLINE.toNanos()) {
        throw new AssertionError(
            "After %d s still not so: %s%n%s"
                .formatted(DEADLINE.toSeconds(), description, dump.get()));
      }
      pause(description);
    }
  }

  /** Whether {@code condition} comes to hold in this time; for what may well not happen. */
  static boolean within(Duration deadline, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > deadline.toNanos()) {
        return false;
      }
      pause("it is so");
    }
    return true;
  }

  private static void pause(String description) {
    try {
      Thread.sleep(INTERVAL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while waiting until " + description, e);
    }
  }
}
