package io.github.advisorylock.it;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;

/**
 * The main class of a JVM that runs programs of the stock comparison, one after another. Each order
 * is a line, and its answer a {@link StockComparisonReport} on standard output; everything that a
 * program prints or logs becomes part of that.
 */
final class StockComparisonWorker {
  static final String SEPARATOR = "\t";
  static final String PREPARE = "PREPARE";
  static final String RUN = "RUN";
  static final Duration DEADLINE = Duration.ofSeconds(45);

  private static final ByteArrayOutputStream LOG = new ByteArrayOutputStream();

  private StockComparisonWorker() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream protocol = System.out;
    System.setErr(new PrintStream(LOG, true, StandardCharsets.UTF_8));
    System.setOut(System.err);
    System.setProperty("org.slf4j.simpleLogger.showThreadName", "false");
    System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s %3$s - %5$s%6$s%n");
    System.setProperty("liquibase.analytics.enabled", "false");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      carryOut(Tool.valueOf(arguments[0]), order.split(SEPARATOR)).print(protocol);
    }
    Runtime.getRuntime().halt(1);
  }

  /** The order that this JVM understands. */
  static String order(
      String action, StockComparisonCase row, Database database, Login login, Path folder) {
    return String.join(
        SEPARATOR,
        action,
        row.name(),
        database.url(),
        database.url(Database.HARNESS),
        database.user(),
        database.password(),
        login.user(),
        login.password(),
        folder.toString());
  }

  private static StockComparisonReport carryOut(Tool tool, String[] order) throws Exception {
    StockComparisonCase row = StockComparisonCases.of(tool, order[1]);
    Login login = new Login(order[6], order[7]);
    StockComparisonReport report = new StockComparisonReport();
    StockComparisonStage stage = new StockComparisonStage(order[2], login, Path.of(order[8]));
    try (Connection harness = DriverManager.getConnection(order[3], order[4], order[5])) {
      LOG.reset();
      boolean compared = order[0].equals(RUN);
      run(compared ? row.program() : row.preparation(), stage, report);
      StockComparisonView view = new StockComparisonView(harness, report);
      if (compared) {
        view.observeOpen(stage);
      }
      stage.end();
      if (compared) {
        view.observeClosed();
      }
      report.addAll(StockComparisonAspect.OUTPUT, stage.output());
      LOG.toString(StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.matches("\\s*|\\s+(at |\\.\\.\\. \\d+ ).*"))
          .forEach(line -> report.add(StockComparisonAspect.LOG, line));
    }
    return report;
  }

  private static void run(
      StockComparisonCase.Program program, StockComparisonStage stage, StockComparisonReport report)
      throws InterruptedException {
    Thread thread =
        new Thread(
            () -> {
              try {
                program.run(stage);
                report.add(StockComparisonAspect.OUTCOME, "success");
              } catch (Throwable failure) {
                for (Throwable e = failure; e != null; e = e.getCause()) {
                  report.add(StockComparisonAspect.OUTCOME, StockComparisonReport.describe(e));
                }
              }
            },
            "program");
    thread.setDaemon(true);
    long start = System.nanoTime();
    thread.start();
    thread.join(DEADLINE.toMillis());
    report.took(Duration.ofNanos(System.nanoTime() - start).toMillis());
    if (thread.isAlive()) {
      List.of(thread.getStackTrace()).forEach(frame -> System.err.println("in " + frame));
      report.add(StockComparisonAspect.OUTCOME, "still running after " + DEADLINE);
    }
  }
}
