package io.github.advisorylock.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One replica of a service: a JVM of its own that loads the tool, waits for {@link #go()}, runs one
 * command and then stays alive, so that a test can look for what it left open. Its sessions show
 * {@link #name()} as application_name, unless the lock gives its own.
 */
final class Replica implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofMinutes(2);

  private final String name;
  private final Process process;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private boolean started;

  private Replica(String name, Process process) {
    this.name = name;
    this.process = process;
    readLines(process.getErrorStream(), log::add, () -> {});
    readLines(process.getInputStream(), this::protocol, this::ended);
  }

  /** Starts the JVM and returns at once; {@link Replicas} is how tests get here. */
  static Replica start(String name, Rollout rollout, Path folder) {
    List<String> arguments = new ArrayList<>();
    rollout.instructions(name, folder).forEach((key, value) -> arguments.add(key + "=" + value));
    return new Replica(
        name,
        launch(
            rollout.launcher(),
            Path.of(System.getProperty("java.home")),
            rollout.classPath(),
            ReplicaMain.class,
            arguments,
            rollout.environment()));
  }

  /**
   * Starts a small JVM, which inherits no settings of either tool.
   *
   * @param java the home of its JDK
   * @param launcher a command that becomes the one that follows it; empty for none
   */
  static Process launch(
      List<String> launcher,
      Path java,
      String classPath,
      Class<?> main,
      List<String> arguments,
      Map<String, String> variables) {
    List<String> line = new ArrayList<>(launcher);
    line.add(java.resolve("bin").resolve("java").toString());
    line.addAll(ChildProcess.QUICK_START);
    line.addAll(List.of("-Xmx256m", "-Dfile.encoding=UTF-8", "-cp", classPath, main.getName()));
    line.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(line);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(Replica::isSettingOfATool);
    environment.putAll(variables);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** Waits until the tool is loaded; the database has not been touched yet. */
  Replica awaitReady() {
    await(ready, START_DEADLINE, "become ready");
    return this;
  }

  /** Starts the command, unless it was started before. */
  Replica go() {
    if (!started) {
      started = true;
      order("GO");
    }
    return this;
  }

  /** Interrupts the thread that runs the command. */
  void interrupt() {
    order("INTERRUPT");
  }

  boolean isDone() {
    return outcome.isDone();
  }

  /** Waits for the command to end; fails with the log if it does not in this time. */
  Outcome outcome(Duration deadline) {
    return await(outcome, deadline, "finish");
  }

  Outcome outcome() {
    return outcome(Await.DEADLINE);
  }

  /** All that the tool and the lock have logged or printed so far. */
  List<String> log() {
    return log;
  }

  /** The lines of the log that contain {@code part}. */
  List<String> log(String part) {
    return log.stream().filter(line -> line.contains(part)).toList();
  }

  void awaitLog(String part) {
    Await.until(() -> !log(part).isEmpty(), name + " logs " + part, this::dump);
  }

  /** Ends the JVM with kill -9 and waits until it is gone. */
  void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** Sends {@code STOP}, {@code CONT}, {@code TERM}, … */
  void signal(String signal) {
    signal(signal, pid());
  }

  static void signal(String signal, long pid) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + signal, "" + pid).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("kill -%s %d failed".formatted(signal, pid));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Lets the JVM end in an orderly way, shutdown hooks included. */
  void exit() {
    order("EXIT");
    awaitEnd();
  }

  /** The process must not outlive the test, however that ended. */
  @Override
  public void close() {
    kill();
  }

  /** Name, state and log, for failure messages. */
  String dump() {
    return "%s (pid %d, %s)%n%s"
        .formatted(
            name,
            pid(),
            isAlive() ? "alive" : "exit status " + process.exitValue(),
            String.join(System.lineSeparator(), log));
  }

  private void protocol(String line) {
    if (line.equals("READY")) {
      ready.complete(null);
    } else if (Outcome.isOutcome(line)) {
      outcome.complete(Outcome.parse(line));
    } else {
      log.add(line);
    }
  }

  private void ended() {
    IllegalStateException gone = new IllegalStateException("the process has ended");
    ready.completeExceptionally(gone);
    outcome.completeExceptionally(gone);
  }

  private void order(String order) {
    try {
      process.getOutputStream().write((order + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot tell " + order + " to " + dump(), e);
    }
  }

  private <T> T await(CompletableFuture<T> future, Duration deadline, String what) {
    try {
      return future.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new AssertionError("Did not %s: %s".formatted(what, dump()), e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private void awaitEnd() {
    try {
      if (!process.waitFor(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("Did not end: " + dump());
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException(e);
  }

  /** Whether an environment variable of whoever runs the tests would change what a tool does. */
  static boolean isSettingOfATool(String variable) {
    return variable.matches("(FLYWAY|LIQUIBASE|JAVA_TOOL)_.*");
  }

  /** Reads to the end, on a thread of its own. */
  static void readLines(InputStream stream, Consumer<String> consumer, Runnable end) {
    Runnable reading =
        () -> {
          try (BufferedReader lines =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            lines.lines().forEach(consumer);
          } catch (IOException | UncheckedIOException e) {
            consumer.accept("The pipe broke: " + e);
          } finally {
            end.run();
          }
        };
    Thread reader = new Thread(reading, "replica output");
    reader.setDaemon(true);
    reader.start();
  }
}
