package io.github.advisorylock.benchmarks;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The main class. {@code -Dbenchmarks=handoff,load} chooses some of the benchmarks, {@code -Dquick}
 * makes them short.
 */
final class Benchmarks {

  private static final List<Benchmark> ALL =
      List.of(
          new HandOffBenchmark(),
          new GrowthBenchmark(),
          new RolloutBenchmark(),
          new UncontendedBenchmark(),
          new LoadBenchmark(),
          new RecoveryBenchmark());

  // Not System.out, which knows only the characters of the locale, and there may be none.
  private static final PrintStream OUT =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  private Benchmarks() {}

  /**
   * Runs the benchmarks.
   *
   * @param arguments the folder for the report
   */
  public static void main(String[] arguments) throws Exception {
    // Explicitly, since whatever has been killed or has failed may have left threads behind.
    Thread.currentThread()
        .setUncaughtExceptionHandler(
            (thread, failure) -> {
              failure.printStackTrace();
              System.exit(1);
            });
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    run(chosen(System.getProperty("benchmarks", "")), effort(), folder);
    OUT.println("The report: " + folder.resolve(Report.FILE).toAbsolutePath());
    System.exit(0);
  }

  private static void run(List<Benchmark> benchmarks, Effort effort, Path folder) throws Exception {
    Path logs = Files.createDirectories(folder.resolve("logs"));
    Report report = new Report(folder, effort);
    try (Lab lab = Lab.open(effort, logs, OUT::println)) {
      report.introduce(lab.serverVersion());
      for (Benchmark benchmark : benchmarks) {
        Samples samples = new Samples(benchmark.name());
        Instant start = Instant.now();
        benchmark.measure(lab, samples);
        report.add(benchmark, samples, Duration.between(start, Instant.now()));
      }
    }
  }

  private static List<Benchmark> chosen(String names) {
    if (names.isBlank()) {
      return ALL;
    }
    Set<String> known = ALL.stream().map(Benchmark::name).collect(Collectors.toSet());
    List<String> wanted = List.of(names.split(",", -1));
    if (!known.containsAll(wanted)) {
      throw new IllegalArgumentException(
          "-Dbenchmarks=%s: there are only %s".formatted(names, known));
    }
    return ALL.stream().filter(benchmark -> wanted.contains(benchmark.name())).toList();
  }

  private static Effort effort() {
    // -Dquick alone is true to Maven and empty to Java.
    String quick = System.getProperty("quick", "false");
    return quick.equals("false") ? Effort.FULL : Effort.QUICK;
  }
}
