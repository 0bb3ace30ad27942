package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A difference between stock and jar that is on purpose, with its reason.
 *
 * @param lines a regular expression for whole lines: {@code \+ .*} for those that only the run with
 *     the jars has, {@code - .*} for those that only the stock run has
 * @param optional whether it may also explain nothing
 */
record StockComparisonDifference(
    StockComparisonAspect aspect, String lines, String reason, boolean optional) {

  /** One that has to exist where it is declared. */
  StockComparisonDifference(StockComparisonAspect aspect, String lines, String reason) {
    this(aspect, lines, reason, false);
  }

  /** One that shows only with some of the supported releases of the tool. */
  static StockComparisonDifference onSomeReleases(
      StockComparisonAspect aspect, String lines, String reason) {
    return new StockComparisonDifference(aspect, lines, reason, true);
  }

  /** A known fault: the declaration goes when that is fixed, and may already explain nothing. */
  static StockComparisonDifference untilFixed(
      StockComparisonAspect aspect, String lines, String fault) {
    return new StockComparisonDifference(aspect, lines, fault, true);
  }

  boolean explains(Line line) {
    return line.aspect() == aspect && Pattern.compile(lines).matcher(line.text()).matches();
  }

  /** One line that one of the two runs has more often than the other. */
  record Line(StockComparisonAspect aspect, String text) {
    @Override
    public String toString() {
      return "%s %s".formatted(aspect, text);
    }
  }

  /** All lines in which two runs differ; lines in another order are none. */
  static List<Line> between(
      Map<StockComparisonAspect, List<String>> stock,
      Map<StockComparisonAspect, List<String>> jars) {
    List<Line> lines = new ArrayList<>();
    for (StockComparisonAspect aspect : StockComparisonAspect.values()) {
      List<String> ofStock = stock.getOrDefault(aspect, List.of());
      List<String> ofJars = jars.getOrDefault(aspect, List.of());
      without(ofStock, ofJars).forEach(line -> lines.add(new Line(aspect, "- " + line)));
      without(ofJars, ofStock).forEach(line -> lines.add(new Line(aspect, "+ " + line)));
    }
    return lines;
  }

  private static List<String> without(List<String> lines, List<String> others) {
    List<String> rest = new ArrayList<>(lines);
    others.forEach(rest::remove);
    return rest;
  }

  /** Lines that no declaration explains. */
  static List<Line> undeclared(
      List<Line> lines, Collection<StockComparisonDifference> declarations) {
    return lines.stream()
        .filter(line -> declarations.stream().noneMatch(declared -> declared.explains(line)))
        .toList();
  }

  /** Declarations that explain nothing, although the difference is on purpose. */
  static List<StockComparisonDifference> obsolete(
      List<Line> lines, Collection<StockComparisonDifference> declarations) {
    return declarations.stream()
        .filter(declared -> !declared.optional())
        .filter(declared -> lines.stream().noneMatch(declared::explains))
        .toList();
  }
}
