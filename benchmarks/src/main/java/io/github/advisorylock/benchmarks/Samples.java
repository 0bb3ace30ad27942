package io.github.advisorylock.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** All that one benchmark has measured, in the order in which it was. Safe for many threads. */
final class Samples {

  private final String benchmark;
  private final List<Sample> samples = new ArrayList<>();

  Samples(String benchmark) {
    this.benchmark = benchmark;
  }

  synchronized void add(String scenario, Contender contender, Quantity quantity, double value) {
    samples.add(new Sample(benchmark, scenario, contender, quantity, value));
  }

  void add(String scenario, Contender contender, Quantity quantity, Duration value) {
    add(scenario, contender, quantity, Milliseconds.of(value));
  }

  /** Something that was counted. */
  void add(String scenario, Contender contender, Quantity quantity, long value) {
    add(scenario, contender, quantity, (double) value);
  }

  synchronized Distribution of(String scenario, Contender contender, Quantity quantity) {
    return new Distribution(
        samples.stream()
            .filter(sample -> sample.scenario().equals(scenario))
            .filter(sample -> sample.contender() == contender)
            .filter(sample -> sample.quantity() == quantity)
            .mapToDouble(Sample::value)
            .toArray());
  }

  /** Writes those of several benchmarks, one line for each sample. */
  static void write(List<Samples> all, Path file) throws IOException {
    CSVFormat format =
        CSVFormat.DEFAULT
            .builder()
            .setHeader("benchmark", "scenario", "contender", "quantity", "unit", "value")
            .get();
    try (CSVPrinter csv = new CSVPrinter(Files.newBufferedWriter(file), format)) {
      for (Samples samples : all) {
        for (Sample sample : samples.samples) {
          csv.printRecord(
              sample.benchmark(),
              sample.scenario(),
              sample.contender().title(),
              sample.quantity().title(),
              sample.quantity().unit(),
              sample.value());
        }
      }
    }
  }
}
