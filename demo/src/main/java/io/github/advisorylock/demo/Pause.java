package io.github.advisorylock.demo;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The only place where the demo and the benchmarks sleep. */
public final class Pause {

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

  private Pause() {}

  /**
   * Sleeps for a time that is itself a part of what is shown or measured.
   *
   * @param time how long; zero or less is not at all
   * @throws InterruptedException if the thread is interrupted, before or meanwhile
   */
  public static void of(Duration time) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
  }

  /**
   * Looks every 20 ms until something is so.
   *
   * @param patience how long to look; zero or less looks once
   * @param look whether it is so
   * @return false if it is not so by then
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public static boolean until(Duration patience, BooleanSupplier look) throws InterruptedException {
    return untilThereIs(patience, () -> look.getAsBoolean() ? Optional.of(look) : Optional.empty())
        .isPresent();
  }

  /**
   * Looks every 20 ms until there is something.
   *
   * @param <T> what that is
   * @param patience how long to look; zero or less looks once
   * @param look for it
   * @return what was found; empty if there is nothing by then
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public static <T> Optional<T> untilThereIs(Duration patience, Supplier<Optional<T>> look)
      throws InterruptedException {
    long start = System.nanoTime();
    Optional<T> found = look.get();
    while (found.isEmpty() && System.nanoTime() - start < patience.toNanos()) {
      of(BETWEEN_LOOKS);
      found = look.get();
    }
    return found;
  }
}
