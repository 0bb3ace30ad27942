package io.github.advisorylock.benchmarks;

/** What is measured. */
enum Quantity {
  TIME("time", "ms"),
  TIME_IN_TURN("time of one after the other", "ms"),
  FAILED_REPLICAS("failed replicas", "1"),
  LATE_REPLICAS("late replicas", "1"),
  ROUND_TRIPS("round trips", "1"),
  CONNECTIONS("connections", "1"),
  MOST_CONNECTIONS("most connections at a time", "1"),
  ROUND_TRIP_RATE("round trips per waiter", "1/s"),
  CPU_RATE("server CPU per waiter", "µs/s"),
  /** How long the statement of the one that was killed went on beside the next one's work. */
  OVERLAP("overlap", "ms");

  private final String title;
  private final String unit;

  Quantity(String title, String unit) {
    this.title = title;
    this.unit = unit;
  }

  String title() {
    return title;
  }

  String unit() {
    return unit;
  }
}
