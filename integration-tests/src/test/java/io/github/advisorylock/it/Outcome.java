package io.github.advisorylock.it;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one replica's command ended.
 *
 * @param ok whether it returned normally
 * @param applied versions that this replica itself applied or rolled back, in that order
 * @param borrowed connections that are still out of the pool, 0 without one
 * @param sqlState of the first SQLException among the causes, or empty
 * @param message every message of the chain of causes on one line, empty if ok
 */
record Outcome(boolean ok, List<String> applied, int borrowed, String sqlState, String message) {
  private static final Pattern LINE =
      Pattern.compile("(OK|FAILED) applied=(\\S*) borrowed=(\\d+) sqlstate=(\\S*) ?(.*)");

  static boolean isOutcome(String line) {
    return LINE.matcher(line).matches();
  }

  static Outcome parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(line);
    }
    return new Outcome(
        matcher.group(1).equals("OK"),
        Arrays.stream(matcher.group(2).split(",")).filter(version -> !version.isEmpty()).toList(),
        Integer.parseInt(matcher.group(3)),
        matcher.group(4),
        matcher.group(5));
  }

  /** The line of the protocol. */
  String line() {
    return "%s applied=%s borrowed=%d sqlstate=%s %s"
        .formatted(
            ok ? "OK" : "FAILED",
            String.join(",", applied),
            borrowed,
            sqlState,
            message.replaceAll("\\s+", " ").strip());
  }
}
