package io.github.advisorylock.flyway;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.RunWatch;
import java.util.function.Consumer;

/**
 * One run of Flyway that holds the lock. Also watches for its end: Flyway ends without any event
 * when, for example, a callback fails, a schema is not empty or the pool is exhausted. Safe for use
 * by several threads.
 */
final class LockRun {

  private final HeldLock lock;
  private final RunEnd runEnd;
  private final RunWatch watch;

  /**
   * A run that has just got the lock.
   *
   * @param afterwards what to do when the run was over and the lock not released; the lock is then
   */
  LockRun(HeldLock lock, RunEnd runEnd, Consumer<LockRun> afterwards) {
    this.lock = lock;
    this.runEnd = runEnd;
    this.watch =
        RunWatch.start(
            runEnd::hasCome,
            () -> {
              lock.close();
              afterwards.accept(this);
            });
  }

  /** Releases the lock, and returns when it is free. */
  void end() {
    watch.stop();
    lock.close();
  }

  /** Whether a run that wants the lock on the same thread is this one, which has it. */
  boolean isTheOneThatWantsTheLock() {
    return !runEnd.hasComeBeforeNextAcquire();
  }
}
