package io.github.advisorylock.benchmarks;

import java.util.concurrent.atomic.AtomicLong;

/** What goes to the server, over all connections that are counted. Safe for use by many threads. */
final class Traffic {

  private final AtomicLong roundTrips = new AtomicLong();
  private final AtomicLong opened = new AtomicLong();
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong mostOpen = new AtomicLong();

  /** Starts anew; connections that are open stay counted. */
  void reset() {
    roundTrips.set(0);
    opened.set(0);
    mostOpen.set(open.get());
  }

  void countRoundTrip() {
    roundTrips.incrementAndGet();
  }

  void countOpened() {
    opened.incrementAndGet();
    mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
  }

  void countClosed() {
    open.decrementAndGet();
  }

  long roundTrips() {
    return roundTrips.get();
  }

  long connections() {
    return opened.get();
  }

  long mostConnections() {
    return mostOpen.get();
  }
}
