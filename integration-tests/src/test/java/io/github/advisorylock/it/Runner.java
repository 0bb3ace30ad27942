package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** A JVM that takes one order after another; {@link RunnerMain} is what runs in it. */
final class Runner implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofMinutes(2);

  private final String name;
  private final Process process;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private volatile CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private volatile String threadsLeft = "";

  private Runner(String name, Process process) {
    this.name = name;
    this.process = process;
    Replica.readLines(process.getErrorStream(), log::add, () -> {});
    Replica.readLines(process.getInputStream(), this::hear, this::hasEnded);
  }

  /** Starts the JVM and returns at once. */
  static Runner start(String name, Tool tool, Map<String, String> warmUp) {
    return start(
        name, Path.of(System.getProperty("java.home")), ReplicaClassPath.withLock(tool), warmUp);
  }

  /** The same on any JDK, with any release of the tool on the class path. */
  static Runner start(String name, Path java, String classPath, Map<String, String> warmUp) {
    return new Runner(
        name,
        Replica.launch(List.of(), java, classPath, RunnerMain.class, lines(warmUp), Map.of()));
  }

  String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void awaitReady() {
    try {
      ready.get(START_DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new AssertionError("Did not become ready: " + dump(), e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Begins a new command; the last one must have ended. */
  void carryOut(Map<String, String> instructions) {
    log.clear();
    threadsLeft = "";
    outcome = new CompletableFuture<>();
    String order = String.join(RunnerMain.SEPARATOR, lines(instructions)) + "\n";
    try {
      process.getOutputStream().write(order.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException("No order for " + dump(), e);
    }
  }

  /** Whether the command has ended, or the process. */
  boolean isDone() {
    return outcome.isDone();
  }

  /** Waits for the command to end. */
  Outcome awaitOutcome() {
    Await.until(this::isDone, name + " has ended", this::dump);
    return outcome();
  }

  /** How the command ended; for a process that was killed, as a failure. */
  Outcome outcome() {
    return outcome.getNow(new Outcome(false, List.of(), 0, "", "it has not ended"));
  }

  /** The lock's threads that were still there after the command, separated by commas. */
  String threadsLeft() {
    return threadsLeft;
  }

  void signal(String signal) {
    Replica.signal(signal, pid());
  }

  /** kill -9, and waits until it is gone. */
  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
      outcome.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("Did not end: " + dump(), e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** State and the log of the last command, for failure messages. */
  String dump() {
    return "%s (pid %d, %s): %s%n%s"
        .formatted(
            name,
            pid(),
            isAlive() ? "alive" : "exit status " + process.exitValue(),
            outcome(),
            String.join(System.lineSeparator(), log));
  }

  private static List<String> lines(Map<String, String> instructions) {
    return instructions.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.toList());
  }

  private void hear(String line) {
    if (line.equals(RunnerMain.READY)) {
      ready.complete(null);
    } else if (line.startsWith(RunnerMain.THREADS)) {
      threadsLeft = line.substring(RunnerMain.THREADS.length());
    } else if (Outcome.isOutcome(line)) {
      outcome.complete(Outcome.parse(line));
    } else {
      log.add(line);
    }
  }

  private void hasEnded() {
    ready.completeExceptionally(new IllegalStateException("the process has ended"));
    outcome.complete(new Outcome(false, List.of(), 0, "", "the process has ended"));
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException(e);
  }
}
