package io.github.advisorylock.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What one replica did in a scene.
 *
 * @param replica its number
 * @param report what it says itself
 * @param work what the database says
 * @param log what tool and lock logged
 */
record Lane(int replica, Report report, List<Work> work, List<String> log) {

  boolean is(Report.Outcome outcome) {
    return report.outcome() == outcome;
  }

  /** When all was over for it, in the database too. */
  Instant end() {
    return Stream.concat(Stream.of(report.ended()), work.stream().map(Work::end))
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  Duration waited() {
    Instant toWork = work.stream().map(Work::begin).min(Comparator.naturalOrder()).orElse(end());
    return Duration.between(report.started(), toWork);
  }

  /** In a word, if it did not end well. */
  String whatEndedIt() {
    return switch (report.outcome()) {
      case DONE -> "";
      case FAILED -> report.sqlState();
      case KILLED -> "kill -9";
      case STOPPED -> "stopped";
    };
  }

  /** Whether it worked all the time between two moments. */
  boolean isAtWork(Instant from, Instant to) {
    return work.stream().anyMatch(work -> !work.begin().isAfter(from) && !work.end().isBefore(to));
  }
}
