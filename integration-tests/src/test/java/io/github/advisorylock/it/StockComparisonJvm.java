package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A JVM of the stock comparison, with or without the jars of the lock. */
final class StockComparisonJvm implements AutoCloseable {
  private static final String ENDED = "the process has ended";
  private static final long SECONDS_TO_ANSWER = 2 * StockComparisonWorker.DEADLINE.toSeconds();

  private final Process process;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  private StockComparisonJvm(Process process) {
    this.process = process;
    Replica.readLines(process.getErrorStream(), answers::add, () -> {});
    Replica.readLines(process.getInputStream(), answers::add, () -> answers.add(ENDED));
  }

  /** Starts it and returns at once. */
  static StockComparisonJvm start(Tool tool, boolean withJars, Path java) {
    return new StockComparisonJvm(
        Replica.launch(
            List.of(),
            java,
            withJars ? ReplicaClassPath.withLock(tool) : ReplicaClassPath.withoutLock(tool),
            StockComparisonWorker.class,
            List.of(tool.name()),
            Map.of()));
  }

  /** Lets it carry out an order, and waits for the report. */
  synchronized StockComparisonReport carryOut(String order) {
    try {
      process.getOutputStream().write((order + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
      StockComparisonReport report = new StockComparisonReport();
      while (true) {
        String line = answers.poll(SECONDS_TO_ANSWER, TimeUnit.SECONDS);
        if (line == null || line.equals(ENDED)) {
          close();
          throw new AssertionError("No answer to %s: %s %s".formatted(order, line, answers));
        }
        if (line.equals(StockComparisonReport.END)) {
          return report;
        }
        report.read(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
