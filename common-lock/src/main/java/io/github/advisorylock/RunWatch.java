package io.github.advisorylock;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Looks from a daemon thread, again and again, whether something is over that does not always say
 * so, such as a tool's run, so that its lock can be released. Safe for use by several threads.
 */
public final class RunWatch {

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

  /** While the end is expected. */
  private static final Duration BETWEEN_FREQUENT_LOOKS = Duration.ofMillis(2);

  private static final int FREQUENT_LOOKS = 250;

  private final Duration beforeFirstLook;
  private final Duration betweenLooks;
  private final BooleanSupplier isOver;
  private final Runnable whenOver;
  private final Semaphore wakeUps = new Semaphore(0);
  private final AtomicInteger frequentLooks = new AtomicInteger();
  private volatile boolean stopped;

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

  /** Looks every 2 ms for the next half second, since the end is likely to come soon. */
  public void expectEnd() {
    frequentLooks.set(FREQUENT_LOOKS);
    wakeUps.release();
  }

  /** Stops looking. Does nothing the second time. */
  public void stop() {
    stopped = true;
    wakeUps.release();
  }

  private void look() {
    Duration pause = beforeFirstLook;
    while (!isStoppedWithin(pause)) {
      if (hasComeToItsEnd()) {
        return;
      }
      pause = nextPause();
    }
  }

  private Duration nextPause() {
    boolean frequent = frequentLooks.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    return frequent ? BETWEEN_FREQUENT_LOOKS : betweenLooks;
  }

  private boolean isStoppedWithin(Duration pause) {
    try {
      if (wakeUps.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
        wakeUps.drainPermits();
      }
    } catch (InterruptedException e) {
      // an interrupt of all threads of a group is not meant for this one
    }
    return stopped;
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
