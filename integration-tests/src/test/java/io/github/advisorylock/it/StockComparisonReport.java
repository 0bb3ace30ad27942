package io.github.advisorylock.it;

import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What was observed of one run: lines by aspect, and the time it took. Goes from the JVM of the run
 * to that of the test as text.
 */
final class StockComparisonReport {
  static final String END = "END";

  private static final String SEPARATOR = "\t";
  private static final String MILLIS = "MILLIS";

  private static final Map<String, String> CHANGES =
      Map.of(
          "\\blocalhost:\\d+", "localhost:PORT",
          "\\b\\d+:\\d\\d\\.\\d{3}s", "DURATION",
          "\\b\\d+ ?ms\\b", "DURATION",
          "\\bHikariPool-\\d+", "HikariPool",
          "Initializing c3p0 pool\\.\\.\\. .*", "Initializing c3p0 pool",
          "@[0-9a-f]{5,8}\\b", "@HASH",
          "(?<=deploymentId: )\\d+|(?<=')\\d{10}(?=')", "DEPLOYMENT",
          "Ran at: .*", "Ran at: TIME",
          "\"id\": \"\\d{13}\"", "\"id\": \"MILLIS\"");

  private final Map<StockComparisonAspect, List<String>> lines =
      new EnumMap<>(StockComparisonAspect.class);
  private long millis;

  /** Line breaks become visible, so that a line stays one. */
  void add(StockComparisonAspect aspect, String line) {
    lines.computeIfAbsent(aspect, any -> new ArrayList<>()).add(line.replace("\n", "\\n"));
  }

  void addAll(StockComparisonAspect aspect, Collection<String> added) {
    added.forEach(line -> add(aspect, line));
  }

  void took(long time) {
    millis = time;
  }

  Map<StockComparisonAspect, List<String>> lines() {
    return lines;
  }

  long millis() {
    return millis;
  }

  /** One exception, without its causes. */
  static String describe(Throwable failure) {
    String state = failure instanceof SQLException sql ? " " + sql.getSQLState() : "";
    String message = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    return "%s%s: %s".formatted(failure.getClass().getName(), state, message);
  }

  void print(PrintStream out) {
    out.println(MILLIS + SEPARATOR + millis);
    lines.forEach(
        (aspect, ofAspect) -> ofAspect.forEach(line -> out.println(aspect + SEPARATOR + line)));
    out.println(END);
  }

  /** Takes a line that {@link #print} has printed. */
  void read(String line) {
    int separator = line.indexOf(SEPARATOR);
    String text = line.substring(separator + 1);
    if (line.startsWith(MILLIS)) {
      took(Long.parseLong(text));
    } else {
      add(StockComparisonAspect.valueOf(line.substring(0, separator)), text);
    }
  }

  /** The same with a word in place of what is never the same, such as the name of the database. */
  StockComparisonReport normalised(Database database, Path folder) {
    StockComparisonReport normalised = new StockComparisonReport();
    normalised.took(millis);
    lines.forEach(
        (aspect, ofAspect) ->
            ofAspect.forEach(
                line -> {
                  String text =
                      line.replace(database.name(), "DATABASE")
                          .replace(folder.toString(), "FOLDER");
                  for (var change : CHANGES.entrySet()) {
                    text = text.replaceAll(change.getKey(), change.getValue());
                  }
                  normalised.add(aspect, text);
                }));
    return normalised;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(millis + " ms\n");
    lines.forEach(
        (aspect, ofAspect) ->
            ofAspect.forEach(line -> text.append(aspect).append(' ').append(line).append('\n')));
    return text.toString();
  }
}
