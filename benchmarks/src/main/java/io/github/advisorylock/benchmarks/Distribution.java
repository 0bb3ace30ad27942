package io.github.advisorylock.benchmarks;

import java.util.Arrays;
import org.apache.commons.statistics.descriptive.Median;
import org.apache.commons.statistics.descriptive.Quantile;

/** What several measurements of one quantity say together. Each answer is NaN if there are none. */
final class Distribution {

  static final double LOWER_QUARTILE = 0.25;
  static final double UPPER_QUARTILE = 0.75;

  private final double[] values;

  Distribution(double... values) {
    this.values = values.clone();
  }

  /** As they were measured. */
  double[] inOrder() {
    return values.clone();
  }

  int size() {
    return values.length;
  }

  double median() {
    return Median.withDefaults().withCopy(true).evaluate(values);
  }

  double quantile(double probability) {
    return Quantile.withDefaults().withCopy(true).evaluate(values, probability);
  }

  double max() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  double sum() {
    return values.length == 0 ? Double.NaN : Arrays.stream(values).sum();
  }
}
