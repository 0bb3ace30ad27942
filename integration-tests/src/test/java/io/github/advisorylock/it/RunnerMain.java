package io.github.advisorylock.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The main class of a {@link Runner}'s JVM: as {@link ReplicaMain}, but it runs one command after
 * another. Each order is a line of instructions, and its answer two lines: {@code THREADS}, with
 * those of the lock that are still there, and the {@link Outcome}.
 */
final class RunnerMain {
  static final String READY = "READY";
  static final String THREADS = "THREADS ";
  static final String SEPARATOR = "\t";

  private static final String LOCK_THREADS = "advisory-lock-";
  private static final String SYSTEM = "system.";
  private static final long MILLIS_TO_END = 2_000;

  private RunnerMain() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream protocol = System.out;
    System.setOut(System.err);
    ReplicaMain.formatLogs();
    ReplicaMain.warmUp(ReplicaMain.command(ReplicaMain.parse(arguments)));
    protocol.println(READY);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      Map<String, String> instructions = ReplicaMain.parse(order.split(SEPARATOR));
      Thread worker = new Thread(() -> carryOut(instructions, protocol), "runner");
      worker.setDaemon(true);
      worker.start();
    }
    Runtime.getRuntime().halt(1);
  }

  private static void carryOut(Map<String, String> instructions, PrintStream protocol) {
    // What Liquibase was told last time must not count this time.
    System.getProperties()
        .keySet()
        .removeIf(name -> name.toString().startsWith(Tool.LIQUIBASE.settings()));
    ReplicaMain.startingWith(SYSTEM, instructions).forEach(System::setProperty);
    Outcome outcome = run(instructions);
    protocol.println(THREADS + String.join(",", threadsLeft()));
    protocol.println(outcome.line());
  }

  private static Outcome run(Map<String, String> instructions) {
    ReplicaMain.ToolCommand command = ReplicaMain.command(instructions);
    Outcome outcome = ReplicaMain.run(command);
    try {
      command.closePool();
      return outcome;
    } catch (Exception e) {
      return new Outcome(false, outcome.applied(), 0, "", ReplicaMain.messages(e));
    }
  }

  /** Those that do not end in the time that they are given here. */
  private static List<String> threadsLeft() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(LOCK_THREADS))
        .filter(RunnerMain::stays)
        .map(Thread::getName)
        .collect(Collectors.toList());
  }

  private static boolean stays(Thread thread) {
    try {
      thread.join(MILLIS_TO_END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return thread.isAlive();
  }
}
