package io.github.advisorylock;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Time and chance, the only two things that a test of the waiting has to replace. */
interface Timing {

  /** The real ones. */
  Timing SYSTEM =
      new Timing() {
        @Override
        public Duration now() {
          return Duration.ofNanos(System.nanoTime());
        }

        @Override
        public void sleep(Duration pause) throws InterruptedException {
          TimeUnit.NANOSECONDS.sleep(TimeUnit.NANOSECONDS.convert(pause)); // without overflow
        }

        @Override
        public double random() {
          return ThreadLocalRandom.current().nextDouble();
        }
      };

  /** The time since some fixed but arbitrary moment; never goes back. */
  Duration now();

  /** Sleeps for a bounded pause, or throws at once if the thread is interrupted. */
  void sleep(Duration pause) throws InterruptedException;

  /** A number from 0 to below 1, evenly spread. */
  double random();
}
