package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Pause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One that holds the lock, and those that wait for it, each on a thread and sessions of its own.
 */
final class Queue {

  /** The session that looks for the others, apart from the waiters. */
  private static final int HOLDER = 1;

  private final Contender contender;
  private final String url;
  private final int waiters;
  private final CountDownLatch held = new CountDownLatch(1);
  private final AtomicLong released = new AtomicLong();

  Queue(Contender contender, String url, int waiters) {
    this.contender = contender;
    this.url = url;
    this.waiters = waiters;
  }

  /**
   * Plays it once.
   *
   * @param held for how long once all sessions are there
   * @return the time from the moment the holder lets go until the last waiter has got it, each of
   *     them having let go at once
   */
  Duration handOff(Duration held) throws Exception {
    List<Callable<Long>> parts = new ArrayList<>();
    parts.add(() -> holdAndRelease(held));
    for (int waiter = 0; waiter < waiters; waiter++) {
      parts.add(this::await);
    }
    long last = Crew.doAll(parts).stream().mapToLong(Long::longValue).max().orElseThrow();
    return Duration.ofNanos(last - released.get());
  }

  private long holdAndRelease(Duration time) throws Exception {
    try (Runner holder = contender.runner(url);
        Sessions sessions = Sessions.of(url)) {
      holder.hold(
          () -> {
            held.countDown();
            sessions.awaitAtLeast(HOLDER + waiters);
            Pause.of(time);
            released.set(System.nanoTime());
          });
      return released.get();
    } finally {
      held.countDown(); // even if it failed, or the others would wait for ever
    }
  }

  private long await() throws Exception {
    try (Runner waiter = contender.runner(url)) {
      held.await();
      AtomicLong got = new AtomicLong();
      waiter.hold(() -> got.set(System.nanoTime()));
      return got.get();
    }
  }
}
