package io.github.advisorylock.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {

  @Test
  void shouldShowThreeDigits() {
    assertThat(Figures.of(0.714)).isEqualTo("0.71");
    assertThat(Figures.of(20.04)).isEqualTo("20.0");
    assertThat(Figures.of(541.3)).isEqualTo("541");
    assertThat(Figures.of(7300.4)).isEqualTo("7,300");
  }

  @Test
  void shouldShowWhatIsMissing() {
    assertThat(Figures.of(Double.NaN)).isEqualTo(Figures.NONE);
    assertThat(Figures.count(Double.NaN)).isEqualTo(Figures.NONE);
    assertThat(Figures.ratio(Double.NaN, 1)).isEqualTo(Figures.NONE);
    assertThat(Figures.ratio(Double.POSITIVE_INFINITY, 1)).isEqualTo(Figures.NONE);
  }

  @Test
  void shouldShowWhatDidNotEnd() {
    assertThat(Figures.of(Double.POSITIVE_INFINITY)).isEqualTo("never");
    assertThat(Figures.upTo(60_000, Double.POSITIVE_INFINITY)).isEqualTo("> 60,000");
    assertThat(Figures.upTo(60_000, 3_400)).isEqualTo("3,400");
  }

  @Test
  void shouldShowARatioToWhatDidNotEndAsABound() {
    double never = Double.POSITIVE_INFINITY;

    assertThat(Figures.ratio(30_343, never, 60_000)).isEqualTo("< × 0.51");
    assertThat(Figures.ratio(never, 11_195, 60_000)).isEqualTo("> × 5.35");
    assertThat(Figures.ratio(never, never, 60_000)).isEqualTo(Figures.NONE);
    assertThat(Figures.ratio(3_400, 6_800, 60_000)).isEqualTo("× 0.50");
    assertThat(Figures.ratio(3_400, Double.NaN, 60_000)).isEqualTo(Figures.NONE);
    assertThat(Figures.ratio(never, Double.NaN, 60_000)).isEqualTo(Figures.NONE);
    assertThat(Figures.ratio(3_400, never)).isEqualTo(Figures.NONE);
  }

  /** 0.0144: less than 0.02, but not less than 0.01. */
  @Test
  void shouldRoundABoundToTheSideOnWhichItIsTrue() {
    assertThat(Figures.ratio(866, Double.POSITIVE_INFINITY, 60_000)).isEqualTo("< × 0.02");
    assertThat(Figures.ratio(Double.POSITIVE_INFINITY, 32_000, 60_000)).isEqualTo("> × 1.87");
  }
}
