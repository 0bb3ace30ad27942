package io.github.advisorylock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A clock that only sleeping moves, and that remembers how long. */
final class FakeTiming implements Timing {

  private static final int MANY = 1_000_000;

  private final List<Duration> sleeps = new ArrayList<>();
  private Duration now = Duration.ofNanos(Long.MIN_VALUE); // System.nanoTime may well be negative
  private double random;
  private int listened;
  private Runnable duringSleep = () -> {};

  /** What {@link #random} gives from now on. */
  FakeTiming random(double number) {
    random = number;
    return this;
  }

  /** What happens in the middle of each sleep. */
  FakeTiming duringSleep(Runnable action) {
    duringSleep = action;
    return this;
  }

  /** Lets time go by without a sleep. */
  void pass(Duration time) {
    now = now.plus(time);
  }

  /** Time that a waiter listens for, rather than sleeps. */
  void listen(long millis) {
    if (listened++ == MANY) {
      throw new AssertionError("The wait does not end");
    }
    duringSleep.run();
    pass(Duration.ofMillis(millis));
  }

  List<Duration> sleeps() {
    return sleeps;
  }

  Duration slept() {
    return sleeps.stream().reduce(Duration.ZERO, Duration::plus);
  }

  @Override
  public Duration now() {
    return now;
  }

  @Override
  public void sleep(Duration pause) throws InterruptedException {
    if (sleeps.size() == MANY) {
      throw new AssertionError("The wait does not end");
    }
    duringSleep.run();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    sleeps.add(pause);
    now = now.plus(pause);
  }

  @Override
  public double random() {
    return random;
  }
}
