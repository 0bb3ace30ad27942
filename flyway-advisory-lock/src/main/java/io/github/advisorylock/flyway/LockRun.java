package io.github.advisorylock.flyway;

import io.github.advisorylock.HeldLock;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One run of Flyway that holds the lock, and a thread that releases it if the run ends without
 * saying so: Flyway ends without any event when, for example, a callback fails, a schema is not
 * empty or the pool is exhausted. Safe for use by several threads.
 */
final class LockRun {

  private static final long MILLIS_BETWEEN_LOOKS = 50;

  private final HeldLock lock;
  private final RunEnd runEnd;
  private final CountDownLatch ended = new CountDownLatch(1);

  LockRun(HeldLock lock, RunEnd runEnd) {
    this.lock = lock;
    this.runEnd = runEnd;
  }

  /** Starts to look whether the run is over. */
  void watch(Runnable afterwards) {
    Thread watcher =
        new Thread(
            () -> {
              waitForTheEnd();
              end();
              afterwards.run();
            },
            "advisory-lock-watch");
    watcher.setDaemon(true);
    watcher.setContextClassLoader(null); // nobody's class loader is kept alive
    watcher.start();
  }

  private void waitForTheEnd() {
    try {
      while (!runEnd.hasCome() && !ended.await(MILLIS_BETWEEN_LOOKS, TimeUnit.MILLISECONDS)) {
        // not yet
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody has this thread; should it be, let go
    }
  }

  /** Releases the lock, if it is still held. */
  void end() {
    lock.close();
    ended.countDown();
  }

  /** Whether a run that wants the lock on the same thread is this one, which has it. */
  boolean isTheOneThatWantsTheLock() {
    return ended.getCount() > 0 && !runEnd.hasComeBeforeNextAcquire();
  }
}
