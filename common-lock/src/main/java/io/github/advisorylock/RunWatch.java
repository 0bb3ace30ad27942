package io.github.advisorylock;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Looks from a daemon thread, again and again, whether something is over that does not always say
 * so, such as a tool's run, so that its lock can be released. Safe for use by several threads.
 */
public final class RunWatch {

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

  private final Duration beforeFirstLook;
  private final Duration betweenLooks;
  private final BooleanSupplier isOver;
  private final Runnable whenOver;
  private final CountDownLatch stopped = new CountDownLatch(1);

  private RunWatch(
      Duration beforeFirstLook, Duration betweenLooks, BooleanSupplier isOver, Runnable whenOver) {
    this.beforeFirstLook = beforeFirstLook;
    this.betweenLooks = betweenLooks;
    this.isOver = isOver;
    this.whenOver = whenOver;
  }

  /**
   * Starts to look every 50 ms.
   *
   * @param isOver whether the run is over; asked on the watching thread, must not block; whatever
   *     it throws counts as no
   * @param whenOver run on the watching thread when the run is over, and once more after each time
   *     that it throws; not after {@link #stop}
   * @return the watch, looking
   * @throws OutOfMemoryError if there are no more threads to be had
   */
  public static RunWatch start(BooleanSupplier isOver, Runnable whenOver) {
    return start("advisory-lock-watch", BETWEEN_LOOKS, BETWEEN_LOOKS, isOver, whenOver);
  }

  static RunWatch start(
      String threadName,
      Duration beforeFirstLook,
      Duration betweenLooks,
      BooleanSupplier isOver,
      Runnable whenOver) {
    RunWatch watch = new RunWatch(beforeFirstLook, betweenLooks, isOver, whenOver);
    // Neither a thread's inherited values nor an application's class loader are kept alive.
    Thread thread = new Thread(null, watch::look, threadName, 0, false);
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
    Duration pause = beforeFirstLook;
    while (!isStoppedWithin(pause)) {
      if (hasComeToItsEnd()) {
        return;
      }
      pause = betweenLooks;
    }
  }

  private boolean isStoppedWithin(Duration pause) {
    try {
      return stopped.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return false; // whoever interrupts all threads of a group does not mean this one
    }
  }

  /** Whatever goes wrong: without the watch, nobody might ever release the lock. */
  private boolean hasComeToItsEnd() {
    try {
      if (isOver.getAsBoolean()) {
        whenOver.run();
        return true;
      }
    } catch (Throwable e) {
      log(e);
    }
    return false;
  }

  private static void log(Throwable failure) {
    try {
      System.getLogger(RunWatch.class.getName())
          .log(System.Logger.Level.DEBUG, "A look whether the run is over failed", failure);
    } catch (Throwable e) {
      // there is no memory left, and looking matters more
    }
  }
}
