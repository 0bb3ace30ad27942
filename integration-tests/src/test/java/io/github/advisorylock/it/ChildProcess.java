package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program as a user starts it, such as a tool's own command line, and all that it prints. It
 * inherits no settings of either tool, and does not outlive the test.
 */
final class ChildProcess implements AutoCloseable {
  /** A JVM of which not much is asked starts sooner so. */
  static final List<String> QUICK_START =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");

  private static final long MINUTES_TO_END = 3;

  private final Process process;
  private final List<String> output = new CopyOnWriteArrayList<>();
  private final CountDownLatch printed = new CountDownLatch(1);

  private ChildProcess(Process process) {
    this.process = process;
    Replica.readLines(process.getInputStream(), output::add, printed::countDown);
  }

  static ChildProcess start(Path folder, Map<String, String> environment, List<String> command) {
    return start(environment, builder(folder, command).redirectErrorStream(true));
  }

  /** The same, with what it prints to standard error in a file rather than in its output. */
  static ChildProcess start(
      Path folder, Map<String, String> environment, List<String> command, Path errors) {
    return start(environment, builder(folder, command).redirectError(errors.toFile()));
  }

  private static ProcessBuilder builder(Path folder, List<String> command) {
    return new ProcessBuilder(command).directory(folder.toFile());
  }

  private static ChildProcess start(Map<String, String> environment, ProcessBuilder builder) {
    builder.environment().keySet().removeIf(Replica::isSettingOfATool);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      process.getOutputStream().close(); // nobody answers questions
      return new ChildProcess(process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The command that runs a small program on the JDK of the tests. */
  static List<String> java(String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(QUICK_START);
    line.addAll(List.of(arguments));
    return line;
  }

  /** Waits for the end. */
  int exitStatus() {
    try {
      if (!printed.await(MINUTES_TO_END, TimeUnit.MINUTES)
          || !process.waitFor(MINUTES_TO_END, TimeUnit.MINUTES)) {
        throw new AssertionError("Did not end:\n" + output());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while waiting for the end of\n" + output(), e);
    }
  }

  /** All that it has printed so far, to standard output or standard error. */
  String output() {
    return String.join("\n", output);
  }

  void awaitOutput(String part) {
    Await.until(
        () -> output().contains(part) || !process.isAlive(), "it prints " + part, this::output);
    if (!output().contains(part)) {
      exitStatus();
      throw new AssertionError("It has ended without printing " + part + ":\n" + output());
    }
  }

  /** Ends it, and what a shell script has started. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
