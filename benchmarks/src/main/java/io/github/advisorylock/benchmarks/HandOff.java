package io.github.advisorylock.benchmarks;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;

/**
 * From the release until all waiters have held the lock, in several databases at once that have
 * nothing to do with each other: nearly all the time is spent waiting.
 *
 * @param urls the databases
 * @param waiters in each
 * @param settle for how long the lock is held at least once all sessions are there
 * @param spread the lock is held for a random part of it longer: released at a moment of our
 *     choice, polling would look better or worse than it is
 * @param seed for that part
 */
record HandOff(List<String> urls, int waiters, Duration settle, Duration spread, long seed)
    implements Order<HandOff.Times> {

  @Override
  public Times carryOut(Stage stage) throws Exception {
    Random random = new Random(seed);
    List<Callable<Duration>> queues = new ArrayList<>();
    for (String url : urls) {
      Duration held = settle.plusNanos((long) (random.nextDouble() * spread.toNanos()));
      queues.add(() -> new Queue(stage.contender(), url, waiters).handOff(held));
    }
    return new Times(List.copyOf(Crew.doAll(queues)));
  }

  /**
   * What was measured.
   *
   * @param all one for each database
   */
  record Times(List<Duration> all) implements Serializable {}
}
