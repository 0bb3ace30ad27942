package io.github.advisorylock.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The main class of a {@link Replica}'s JVM. Standard output carries the protocol and nothing else:
 * {@code READY} once the tool is loaded, then the {@link Outcome} of the command that {@code GO}
 * started; everything that the tool prints or logs goes to standard error. {@code INTERRUPT}
 * interrupts the command, {@code EXIT} ends the JVM, and so does the end of standard input, so that
 * no replica outlives a killed test JVM.
 */
final class ReplicaMain {
  private ReplicaMain() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream protocol = System.out;
    System.setOut(System.err);
    formatLogs();
    ToolCommand command = command(parse(arguments));
    Thread worker = new Thread(() -> protocol.println(run(command).line()), "replica");
    worker.setDaemon(true);
    warmUp(command);
    protocol.println("READY");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      switch (order) {
        case "GO" -> worker.start();
        case "INTERRUPT" -> worker.interrupt();
        case "EXIT" -> System.exit(0);
        default -> throw new IllegalArgumentException(order);
      }
    }
    Runtime.getRuntime().halt(1);
  }

  /**
   * Flyway logs through slf4j-simple, Liquibase through java.util.logging: make them look alike.
   */
  static void formatLogs() {
    String simpleLogger = "org.slf4j.simpleLogger.";
    System.setProperty(simpleLogger + "showDateTime", "true");
    System.setProperty(simpleLogger + "dateTimeFormat", "HH:mm:ss.SSS");
    System.setProperty(simpleLogger + "showThreadName", "false");
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tT.%1$tL %4$s %3$s - %5$s%6$s%n");
  }

  /** Instructions from {@code name=value}. */
  static Map<String, String> parse(String... arguments) {
    Map<String, String> instructions = new TreeMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      instructions.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    return instructions;
  }

  static ToolCommand command(Map<String, String> instructions) {
    return Tool.valueOf(instructions.get("tool")) == Tool.FLYWAY
        ? new FlywayCommand(instructions)
        : new LiquibaseCommand(instructions);
  }

  /** The instructions whose name starts with {@code prefix}, without it. */
  static Map<String, String> startingWith(String prefix, Map<String, String> instructions) {
    Map<String, String> found = new LinkedHashMap<>();
    instructions.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), value);
          }
        });
    return found;
  }

  /** What fails here fails again in the run, which reports it. */
  static void warmUp(ToolCommand command) {
    try {
      command.warmUp();
    } catch (Exception e) {
      System.err.println("Warming up failed: " + e);
    }
  }

  static Outcome run(ToolCommand command) {
    boolean ok = false;
    String sqlState = "";
    String message = "";
    try {
      command.run();
      ok = true;
    } catch (Throwable e) {
      e.printStackTrace();
      sqlState = sqlState(e);
      message = messages(e);
    }
    return new Outcome(ok, command.applied(), command.borrowed(), sqlState, message);
  }

  private static String sqlState(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }

  /** Every message of the chain of causes. */
  static String messages(Throwable failure) {
    StringBuilder messages = new StringBuilder();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (messages.indexOf(message) < 0) {
        messages.append(messages.isEmpty() ? "" : " <- ");
        messages.append(cause.getClass().getSimpleName()).append(": ").append(message);
      }
    }
    return messages.toString();
  }

  /** One run of one tool. */
  interface ToolCommand {
    /** Loads as much as possible without touching the database. */
    void warmUp() throws Exception;

    void run() throws Exception;

    /** The versions applied or rolled back so far. */
    List<String> applied();

    /** Connections still out of the pool. */
    int borrowed();

    /** Closes the pool; a replica that is looked at after its run keeps it. */
    void closePool() throws Exception;
  }
}
