package io.github.advisorylock.benchmarks;

import java.time.Duration;
import java.time.Instant;

/** The unit of all times in the report. */
final class Milliseconds {

  private static final double NANOS = 1e6;

  private Milliseconds() {}

  static double of(Duration duration) {
    return duration.toNanos() / NANOS;
  }

  static double between(Instant start, Instant end) {
    return of(Duration.between(start, end));
  }
}
