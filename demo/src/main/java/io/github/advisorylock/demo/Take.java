package io.github.advisorylock.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One scene, played once: what was measured.
 *
 * @param start the moment at which all replicas were let go
 * @param lanes one for each replica
 * @param leftovers what was still there when all was over
 */
record Take(Instant start, List<Lane> lanes, List<String> leftovers) {

  /** Until the last replica was through. */
  Duration total() {
    return lanes.stream()
        .map(lane -> since(lane.end()))
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  Duration since(Instant moment) {
    return Duration.between(start, moment);
  }

  List<Lane> lanes(Report.Outcome outcome) {
    return lanes.stream().filter(lane -> lane.is(outcome)).toList();
  }

  /** How long it took the replica in the middle to get to work, or to its end without any. */
  Duration medianWait() {
    return lanes.stream()
        .map(Lane::waited)
        .sorted()
        .skip(lanes.size() / 2)
        .findFirst()
        .orElse(Duration.ZERO);
  }

  /** Migrations that came to their end. */
  long applied() {
    return finishedMigrations().count();
  }

  /** Migrations that did so again. */
  long appliedTwice() {
    return applied() - finishedMigrations().distinct().count();
  }

  private Stream<String> finishedMigrations() {
    return work().filter(Work::isMigration).filter(Work::finished).map(Work::step);
  }

  Stream<Work> work() {
    return lanes.stream().map(Lane::work).flatMap(Collection::stream);
  }

  /** How long more than one replica was at work, and how many at most. */
  Overlap overlap() {
    List<Instant> changes =
        work().flatMap(work -> Stream.of(work.begin(), work.end())).distinct().sorted().toList();
    Duration time = Duration.ZERO;
    long most = 0;
    for (int i = 1; i < changes.size(); i++) {
      Instant from = changes.get(i - 1);
      Instant to = changes.get(i);
      long atWork = lanes.stream().filter(lane -> lane.isAtWork(from, to)).count();
      most = Math.max(most, atWork);
      if (atWork > 1) {
        time = time.plus(Duration.between(from, to));
      }
    }
    return new Overlap(time, most);
  }

  /**
   * More than one replica at work.
   *
   * @param time for how long in all
   * @param most the most at any moment
   */
  record Overlap(Duration time, long most) {
    boolean exists() {
      return most > 1;
    }
  }
}
