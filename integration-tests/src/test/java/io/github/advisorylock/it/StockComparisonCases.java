package io.github.advisorylock.it;

import java.util.List;

/** The table of the stock comparison: all rows of either tool. */
final class StockComparisonCases {

  private StockComparisonCases() {}

  /** Loads nothing of the other tool. */
  static List<StockComparisonCase> of(Tool tool) {
    return tool == Tool.FLYWAY ? StockComparisonFlyway.cases() : StockComparisonLiquibase.cases();
  }

  static StockComparisonCase of(Tool tool, String name) {
    return of(tool).stream()
        .filter(row -> row.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No such case: " + name));
  }

  /** What may differ in any case of a tool. */
  static List<StockComparisonDifference> differences(Tool tool) {
    return tool == Tool.FLYWAY
        ? StockComparisonFlyway.DIFFERENCES
        : StockComparisonLiquibase.DIFFERENCES;
  }
}
