package io.github.advisorylock;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often and for how long the runs of one tool in this JVM have waited for a lock and held it.
 * Safe for use by several threads.
 */
final class LockTotals implements LockListener {

  /** How often something happened, and how long that took altogether. */
  static final class Total {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    private void add(Duration time) {
      count.increment();
      nanos.add(time.toNanos());
    }

    long count() {
      return count.sum();
    }

    double nanos() {
      return nanos.sum();
    }
  }

  private final Map<WaitOutcome, Total> waits = new EnumMap<>(WaitOutcome.class);
  private final Map<HoldOutcome, Total> holds = new EnumMap<>(HoldOutcome.class);
  private final AtomicInteger heldNow = new AtomicInteger();

  LockTotals() {
    for (WaitOutcome outcome : WaitOutcome.values()) {
      waits.put(outcome, new Total());
    }
    for (HoldOutcome outcome : HoldOutcome.values()) {
      holds.put(outcome, new Total());
    }
  }

  Total of(WaitOutcome outcome) {
    return Objects.requireNonNull(waits.get(outcome));
  }

  Total of(HoldOutcome outcome) {
    return Objects.requireNonNull(holds.get(outcome));
  }

  int heldNow() {
    return heldNow.get();
  }

  @Override
  public void onAcquired(Acquired event) {
    heldNow.incrementAndGet();
    of(WaitOutcome.ACQUIRED).add(event.waited());
  }

  @Override
  public void onGivenUp(GivenUp event) {
    of(WaitOutcome.of(event)).add(event.waited());
  }

  @Override
  public void onReleased(Released event) {
    heldNow.decrementAndGet();
    of(HoldOutcome.RELEASED).add(event.held());
  }

  @Override
  public void onLost(Lost event) {
    heldNow.decrementAndGet();
    of(HoldOutcome.LOST).add(event.held());
  }
}
