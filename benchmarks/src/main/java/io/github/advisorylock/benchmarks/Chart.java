package io.github.advisorylock.benchmarks;

import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;

/**
 * A chart with a logarithmic scale: what is compared differs by powers of ten.
 *
 * @param image what is drawn
 */
record Chart(IChart image) {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;
  private static final String DECIMALS = "#,##0.###";

  /**
   * Bars side by side.
   *
   * @param groups what is below each group of bars
   * @param series one bar for each group; those that are not finite are left out
   */
  static Chart bars(String title, String axis, List<String> groups, List<Series> series) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .yAxisTitle(axis)
            .build();
    style(chart.getStyler());
    List<Series> finite = series.stream().filter(Series::isFinite).toList();
    finite.forEach(one -> chart.addSeries(one.name(), groups, one.values()));
    finite.stream()
        .flatMap(one -> one.values().stream())
        .min(Comparator.naturalOrder())
        .ifPresent(smallest -> chart.getStyler().setYAxisMin(powerOfTenBelow(smallest)));
    return new Chart(chart);
  }

  /**
   * Lines over a logarithmic axis.
   *
   * @param x a place for each value of each series
   */
  static Chart lines(
      String title, String axis, String xAxis, List<Integer> x, List<Series> series) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xAxis)
            .yAxisTitle(axis)
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(true);
    series.stream()
        .filter(Series::isFinite)
        .forEach(one -> chart.addSeries(one.name(), x, one.values()));
    return new Chart(chart);
  }

  /** A logarithmic axis has no zero for the bars to stand on. */
  private static double powerOfTenBelow(double value) {
    return Math.pow(10, Math.floor(Math.log10(value)));
  }

  private static void style(AxesChartStyler styler) {
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setYAxisLogarithmic(true);
    styler.setYAxisDecimalPattern(DECIMALS);
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
  }

  void write(Path file) throws IOException {
    try (OutputStream svg = Files.newOutputStream(file)) {
      ChartEncoder.saveChart(image, svg, "svg");
    }
  }

  /**
   * What belongs together.
   *
   * @param name for the legend
   * @param values one for each group or place
   */
  record Series(String name, List<Double> values) {
    boolean isFinite() {
      return values.stream().allMatch(value -> value != null && Double.isFinite(value));
    }
  }
}
