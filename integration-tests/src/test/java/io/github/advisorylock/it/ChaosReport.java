package io.github.advisorylock.it;

import io.github.advisorylock.it.Round.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** The rounds of {@link ChaosIT} as a table: what went wrong, and how fast work went on. */
record ChaosReport(long seed, List<Result> results) {
  private static final Comparator<RoundPlan> BY_FAULT_AND_TOOL =
      Comparator.comparing(RoundPlan::fault).thenComparing(RoundPlan::tool);

  void writeTo(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, markdown());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String markdown() {
    List<String> lines = new ArrayList<>();
    lines.add("# Chaos: %d rounds, seed %d".formatted(results.size(), seed));
    lines.add("");
    lines.add(
        "Recovery is the time from the fault to the moment another runner begins to work, in ms.");
    lines.add("");
    lines.add(
        "| fault | tool | rounds | failed runners | median | max | promised | not in order |");
    lines.add("|---|---|---|---|---|---|---|---|");
    Map<RoundPlan, List<Result>> groups =
        results.stream()
            .collect(
                Collectors.groupingBy(
                    Result::plan, () -> new TreeMap<>(BY_FAULT_AND_TOOL), Collectors.toList()));
    groups.forEach((plan, group) -> lines.add(row(plan, group)));
    results.stream()
        .filter(Result::exceedsPromise)
        .forEach(
            result ->
                lines.add(
                    "%nRound %d took %d ms: longer than promised."
                        .formatted(result.plan().number(), result.recovery().getAsLong())));
    results.stream()
        .filter(Result::missed)
        .forEach(
            result ->
                lines.add(
                    "%nRound %d was over before its fault.".formatted(result.plan().number())));
    return String.join(System.lineSeparator(), lines) + System.lineSeparator();
  }

  private static String row(RoundPlan plan, List<Result> group) {
    long[] recoveries =
        group.stream().flatMapToLong(result -> result.recovery().stream()).sorted().toArray();
    return "| %s | %s | %d | %d | %s | %s | %s | %s |"
        .formatted(
            plan.fault().description(),
            plan.tool(),
            group.size(),
            group.stream().mapToInt(Result::failed).sum(),
            recoveries.length == 0 ? "–" : recoveries[recoveries.length / 2],
            recoveries.length == 0 ? "–" : LongStream.of(recoveries).max().getAsLong(),
            plan.fault().promise().map(promise -> "" + promise.toMillis()).orElse("–"),
            group.stream()
                .filter(result -> !result.violations().isEmpty())
                .map(result -> "" + result.plan().number())
                .collect(Collectors.joining(", ")));
  }
}
