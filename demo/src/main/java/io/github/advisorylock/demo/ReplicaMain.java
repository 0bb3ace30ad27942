package io.github.advisorylock.demo;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/**
 * The main class of a replica's JVM: warms up, says {@code READY}, and then migrates each time it
 * is told to, at the very moment it is told, and says how that went. Standard output is for that
 * alone; what the tool and the lock log goes to standard error. Ends with standard input, so that
 * no replica outlives the demo, however that ends.
 */
final class ReplicaMain {

  static final String READY = "READY";

  private static final PrintStream PROTOCOL =
      new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private ReplicaMain() {}

  /**
   * Starts a replica.
   *
   * @param arguments the tool, and the URL of a database to warm up on
   */
  public static void main(String[] arguments) throws Exception {
    System.setOut(System.err);
    Tool tool = Tool.valueOf(arguments[0]);
    Tool.Migrator migrator = tool.migrator();
    migrator.migrate(arguments[1], tool.warmUpMigrations());
    PROTOCOL.println(READY);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      Order next = Order.parse(order);
      Thread worker = new Thread(() -> PROTOCOL.println(carryOut(next, migrator).line()), "main");
      worker.setDaemon(true);
      worker.start();
    }
    Runtime.getRuntime().halt(0);
  }

  private static Report carryOut(Order order, Tool.Migrator migrator) {
    Instant started = Instant.now();
    try {
      Pause.of(Duration.between(started, order.start()));
      started = Instant.now();
      migrator.migrate(order.url(), order.migrations().toArray(String[]::new));
      return new Report(started, Instant.now(), Report.Outcome.DONE, "", "");
    } catch (Throwable e) { // whatever it is, the demo wants to hear of it
      Instant ended = Instant.now();
      e.printStackTrace();
      return new Report(started, ended, Report.Outcome.FAILED, sqlState(e), message(e));
    }
  }

  private static String sqlState(Throwable failure) {
    SQLException cause = sqlExceptionIn(failure);
    return cause == null || cause.getSQLState() == null ? "" : cause.getSQLState();
  }

  /** That of the server, where it has one: the tools wrap it in whole paragraphs. */
  private static String message(Throwable failure) {
    SQLException cause = sqlExceptionIn(failure);
    if (cause instanceof PSQLException postgres && postgres.getServerErrorMessage() != null) {
      return String.valueOf(postgres.getServerErrorMessage().getMessage());
    }
    return String.valueOf((cause == null ? failure : cause).getMessage());
  }

  private static @Nullable SQLException sqlExceptionIn(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }
}
