package io.github.advisorylock.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts into words what was measured, and nothing else. */
final class Findings {

  private static final int LONGEST_MESSAGE = 90;
  private static final String WAITING = "Waiting for the advisory lock";

  private Findings() {}

  /** The figures of a take, in a line. */
  static String counts(Take take) {
    return "applied %d · failed %s · overlap %s · total %s"
        .formatted(take.applied(), failed(take), overlap(take), Timeline.seconds(take.total()));
  }

  static String failed(Take take) {
    return "%d of %d"
        .formatted(take.lanes(Report.Outcome.FAILED).size() + stopped(take), take.lanes().size());
  }

  /** How many failed with which SQLSTATE, and how many never came to an end. */
  static String failures(Take take) {
    Map<String, Long> byState =
        take.lanes(Report.Outcome.FAILED).stream()
            .map(lane -> lane.report().sqlState().isEmpty() ? "?" : lane.report().sqlState())
            .collect(Collectors.groupingBy(state -> state, TreeMap::new, Collectors.counting()));
    if (stopped(take) > 0) {
      byState.put("still waiting", (long) stopped(take));
    }
    return byState.isEmpty()
        ? "0"
        : byState.entrySet().stream()
            .map(entry -> entry.getValue() + " × " + entry.getKey())
            .collect(Collectors.joining(", "));
  }

  static String overlap(Take take) {
    Take.Overlap overlap = take.overlap();
    return overlap.exists()
        ? "%s (up to %d at once)".formatted(Timeline.seconds(overlap.time()), overlap.most())
        : "none";
  }

  static String sentence(Comparison comparison) {
    return "Seen: without the jar (%s) %s; with it (%s) %s.%s"
        .formatted(
            Timeline.seconds(comparison.without().total()),
            inWords(comparison.without()),
            Timeline.seconds(comparison.with().total()),
            inWords(comparison.with()),
            problems(comparison.without()).isEmpty()
                ? " In this run nothing went wrong without it either."
                : "");
  }

  /** What must not happen with the lock. */
  static List<String> problems(Take take) {
    List<String> problems = new ArrayList<>();
    firstFailure(take).ifPresent(problems::add);
    if (stopped(take) > 0) {
      problems.add(stopped(take) + " were still waiting when the demo stopped them");
    }
    if (take.overlap().exists()) {
      problems.add("up to %d were at work at once".formatted(take.overlap().most()));
    }
    if (take.appliedTwice() > 0) {
      problems.add("%d migrations were applied more than once".formatted(take.appliedTwice()));
    }
    if (!take.leftovers().isEmpty()) {
      problems.add("left behind: " + String.join(", ", take.leftovers()));
    }
    return problems;
  }

  /** How one that waited for our lock said so; empty if none did. */
  static Optional<String> lineOfAWaiter(Take take) {
    return take.lanes().stream()
        .flatMap(lane -> lane.log().stream())
        .filter(line -> line.contains(WAITING) && line.contains("held by"))
        .map(line -> line.substring(line.indexOf(WAITING)))
        .findFirst();
  }

  private static String inWords(Take take) {
    Stream<String> good =
        problems(take).isEmpty()
            ? Stream.of(
                "%s ended well, one at a time"
                    .formatted(take.lanes(Report.Outcome.KILLED).isEmpty() ? "all" : "all others"))
            : Stream.empty();
    List<String> words =
        Stream.of(afterKill(take).stream(), good, problems(take).stream())
            .flatMap(part -> part)
            .toList();
    return String.join(", ", words);
  }

  private static Optional<String> firstFailure(Take take) {
    List<Lane> failed = take.lanes(Report.Outcome.FAILED);
    return failed.stream()
        .map(Lane::report)
        .min(Comparator.comparing(Report::ended))
        .map(
            first ->
                "%d of %d failed (%s%s)"
                    .formatted(
                        failed.size(),
                        take.lanes().size(),
                        failed.size() > 1 ? "the first: " : "",
                        reason(first)));
  }

  private static String reason(Report report) {
    String reason = (report.sqlState() + " " + report.message()).strip();
    return reason.length() > LONGEST_MESSAGE ? reason.substring(0, LONGEST_MESSAGE) + "…" : reason;
  }

  private static int stopped(Take take) {
    return take.lanes(Report.Outcome.STOPPED).size();
  }

  private static Optional<String> afterKill(Take take) {
    return take.lanes(Report.Outcome.KILLED).stream()
        .findFirst()
        .map(
            killed ->
                take.work()
                    .filter(work -> work.begin().isAfter(killed.report().ended()))
                    .min(Comparator.comparing(Work::begin))
                    .map(next -> wentOn(killed, next))
                    .orElse("nobody went on after the kill"));
  }

  private static String wentOn(Lane killed, Work next) {
    Duration gap = Duration.between(killed.report().ended(), next.begin());
    return "replica %d went on %s after the kill".formatted(next.replica(), Timeline.seconds(gap));
  }
}
