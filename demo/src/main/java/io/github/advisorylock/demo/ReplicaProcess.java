package io.github.advisorylock.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** A replica as the demo sees it: a JVM of its own that runs {@link ReplicaMain}. */
final class ReplicaProcess {

  private final int number;
  private final Process process;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private volatile CompletableFuture<Report> report = new CompletableFuture<>();
  private volatile Instant start = Instant.now();
  private volatile Report.Outcome outcomeOfDeath = Report.Outcome.FAILED;

  private ReplicaProcess(int number, Process process) {
    this.number = number;
    this.process = process;
    readLines("log", process.getErrorStream(), log::add, () -> {});
    readLines("reports", process.getInputStream(), this::hear, this::hasEnded);
  }

  static ReplicaProcess start(int number, Tool tool, String classPath, String warmUpUrl) {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // Many JVMs start at once on one machine: they should be small, and quick to start.
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            // In seconds. Stock Liquibase looks every 10 s, and nobody wants to watch that.
            "-Dliquibase.changelogLockPollRate=1",
            "-cp",
            classPath,
            ReplicaMain.class.getName(),
            tool.name(),
            warmUpUrl);
    // Whoever runs the demo may have set up either tool for something else.
    builder.environment().keySet().removeIf(name -> name.matches("(FLYWAY|LIQUIBASE)_.*"));
    try {
      return new ReplicaProcess(number, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int number() {
    return number;
  }

  /** Completes once it is warm. */
  CompletableFuture<Void> ready() {
    return ready;
  }

  /** Makes it migrate; completes when that is over, or the process is. */
  CompletableFuture<Report> carryOut(Order order) {
    log.clear();
    start = order.start();
    report = new CompletableFuture<>();
    try {
      process.getOutputStream().write((order.line() + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return report;
  }

  /** Ends it with kill -9, and says so in its report. */
  void kill(Report.Outcome outcome) {
    outcomeOfDeath = outcome;
    process.destroyForcibly();
  }

  /** What tool and lock have logged since the last order. */
  List<String> log() {
    return log;
  }

  private void hear(String line) {
    if (line.equals(ReplicaMain.READY)) {
      ready.complete(null);
    } else {
      report.complete(Report.parse(line));
    }
  }

  private void hasEnded() {
    ready.completeExceptionally(
        new IllegalStateException(
            "A replica's JVM has ended: " + String.join(System.lineSeparator(), log)));
    report.complete(new Report(start, Instant.now(), outcomeOfDeath, "", "the process has ended"));
  }

  private static void readLines(
      String what, InputStream stream, Consumer<String> consumer, Runnable end) {
    Runnable reading =
        () -> {
          try (BufferedReader lines =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            lines.lines().forEach(consumer);
          } catch (IOException | UncheckedIOException e) {
            consumer.accept(e.toString());
          } finally {
            end.run();
          }
        };
    Thread reader = new Thread(reading, "replica " + what);
    reader.setDaemon(true);
    reader.start();
  }
}
