package io.github.advisorylock.benchmarks;

import java.io.Serializable;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * Takes the lock and keeps it until the process ends.
 *
 * @param url the database
 */
record Hold(String url) implements Order<Hold.Since> {

  @Override
  public Since carryOut(Stage stage) {
    CompletableFuture<Since> held = new CompletableFuture<>();
    Thread holder = new Thread(() -> hold(stage.contender(), held), "holder");
    holder.setDaemon(true);
    holder.start();
    return held.join();
  }

  private void hold(Contender contender, CompletableFuture<Since> held) {
    try (Runner runner = contender.runner(url)) {
      runner.hold(
          () -> {
            held.complete(new Since(Instant.now()));
            new CountDownLatch(1).await();
          });
    } catch (Exception e) {
      held.completeExceptionally(e);
    }
  }

  /**
   * Holds it.
   *
   * @param moment of the first statement under the lock
   */
  record Since(Instant moment) implements Serializable {}
}
