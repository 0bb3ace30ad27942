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
}
