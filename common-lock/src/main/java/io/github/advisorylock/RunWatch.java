package io.github.advisorylock;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Looks from a daemon thread, every 50 ms, whether a run is over whose tool does not always say so,
 * so that its lock can be released. Safe for use by several threads.
 */
public final class RunWatch {

  private static final long MILLIS_BETWEEN_LOOKS = 50;

  private final BooleanSupplier isOver;
  private final Runnable whenOver;
  private final CountDownLatch stopped = new CountDownLatch(1);

  private RunWatch(BooleanSupplier isOver, Runnable whenOver) {
    this.isOver = isOver;
    this.whenOver = whenOver;
  }

  /**
   * Starts to look.
   *
   * @param isOver whether the run is over; asked on the watching thread, must not block; what it
   *     throws counts as no
   * @param whenOver run once, on the watching thread, when the run is over; not after {@link #stop}
   * @return the watch, looking
   * @throws OutOfMemoryError if there are no more threads to be had
   */
  public static RunWatch start(BooleanSupplier isOver, Runnable whenOver) {
    RunWatch watch = new RunWatch(isOver, whenOver);
    // Neither a thread's inherited values nor an application's class loader are kept alive.
    Thread thread = new Thread(null, watch::look, "advisory-lock-watch", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
    return watch;
  }

  /** Stops looking. Does nothing the second time. */
  public void stop() {
    stopped.countDown();
  }

  private void look() {
    while (!isStopped()) {
      if (isRunOver()) {
        whenOver.run();
        return;
      }
    }
  }

  private boolean isStopped() {
    try {
      return stopped.await(MILLIS_BETWEEN_LOOKS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return false; // whoever interrupts all threads of a group does not mean this one
    }
  }

  private boolean isRunOver() {
    try {
      return isOver.getAsBoolean();
    } catch (RuntimeException e) {
      System.getLogger(RunWatch.class.getName())
          .log(System.Logger.Level.DEBUG, "Whether the run is over could not be seen", e);
      return false;
    }
  }
}
