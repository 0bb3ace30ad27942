package io.github.advisorylock.benchmarks;

import java.math.BigDecimal;
import java.math.RoundingMode;
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
    return rounded(value, RoundingMode.HALF_UP);
  }

  private static String rounded(double value, RoundingMode mode) {
    double size = Math.abs(value);
    int decimals = size < LIMITS[0] ? 2 : size < LIMITS[1] ? 1 : 0;
    BigDecimal figure = BigDecimal.valueOf(value).setScale(decimals, mode);
    return String.format(Locale.ROOT, "%,." + decimals + "f", figure);
  }

  /** A number that was not waited for beyond a limit. */
  static String upTo(double limit, double value) {
    return Double.isInfinite(value) ? "> " + of(limit) : of(value);
  }

  /** A number that was counted. */
  static String count(double value) {
    return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, "%,.0f", value);
  }

  /** How many times the other one it is; nothing if one of them did not come to its end. */
  static String ratio(double value, double reference) {
    double ratio = value / reference;
    return Double.isFinite(ratio) && Double.isFinite(reference) ? "× " + of(ratio) : NONE;
  }

  /**
   * The same of numbers that were not waited for beyond a limit. If one of them was not there by
   * then, the ratio is a bound, and rounded to the side on which it stays one.
   */
  static String ratio(double value, double reference, double limit) {
    if (Double.isNaN(value + reference)
        || Double.isInfinite(value) == Double.isInfinite(reference)) {
      return ratio(value, reference);
    }
    return Double.isInfinite(value)
        ? "> × " + rounded(limit / reference, RoundingMode.FLOOR)
        : "< × " + rounded(value / limit, RoundingMode.CEILING);
  }
}
