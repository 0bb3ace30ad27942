package io.github.advisorylock.it;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockSession;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A thread that waits for a lock; interrupted, if it still does, at the end. */
final class Waiter implements AutoCloseable {
  private final FutureTask<HeldLock> task;
  private final Thread thread;
  private boolean interruptedAtEnd;

  private Waiter(Callable<HeldLock> wait) {
    task =
        new FutureTask<>(
            () -> {
              try {
                return wait.call();
              } finally {
                interruptedAtEnd = Thread.currentThread().isInterrupted();
              }
            });
    thread = new Thread(task, "waiter");
    thread.setDaemon(true);
  }

  /** Keeps the lock when it gets it. */
  static Waiter start(AdvisoryLock lock, LockSession session) {
    return start(() -> lock.acquire(session));
  }

  /** Releases the lock as soon as it gets it. */
  static Waiter startPassingThrough(AdvisoryLock lock, LockSession session) {
    return start(
        () -> {
          HeldLock held = lock.acquire(session);
          held.close();
          return held;
        });
  }

  private static Waiter start(Callable<HeldLock> wait) {
    Waiter waiter = new Waiter(wait);
    waiter.thread.start();
    return waiter;
  }

  void interrupt() {
    thread.interrupt();
  }

  /** The lock, once it is held. */
  HeldLock held() {
    try {
      return task.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("not held", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Why there is no lock. */
  Throwable failure() {
    try {
      task.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS).close();
      throw new AssertionError("held");
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (TimeoutException e) {
      throw new AssertionError("still waits", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Whether the thread was left with its flag set; to be asked after {@link #failure}. */
  boolean interruptedAtEnd() {
    return interruptedAtEnd;
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(Await.DEADLINE.toMillis());
      if (task.isDone()) {
        task.get().close();
      }
    } catch (ExecutionException e) {
      // it gave up, as it should
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
