package io.github.advisorylock.benchmarks;

import java.util.Locale;

/** Numbers as people read them: three digits, and no more than was measured. */
final class Figures {

  static final String NONE = "–";

  private static final double[] LIMITS = {10, 100};

  private Figures() {}

  /** A plain number. */
  static String of(double value) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    if (Double.isInfinite(value)) {
      return "never";
    }
    double size = Math.abs(value);
    int decimals = size < LIMITS[0] ? 2 : size < LIMITS[1] ? 1 : 0;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /** A number that was not waited for beyond a limit. */
  static String upTo(double limit, double value) {
    return Double.isInfinite(value) ? "> " + of(limit) : of(value);
  }

  /** A number that was counted. */
  static String count(double value) {
    return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, "%,.0f", value);
  }

  /** How many times the other one it is. */
  static String ratio(double value, double reference) {
    double ratio = value / reference;
    return Double.isNaN(ratio) || Double.isInfinite(ratio) ? NONE : "× " + of(ratio);
  }
}
