package io.github.advisorylock.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program at a terminal, and somebody who types. Linux's {@code script} makes the terminal; tests
 * that need it are skipped elsewhere.
 */
final class TerminalProcess implements AutoCloseable {
  private static final Path SCRIPT = Path.of("/usr/bin/script");

  private final Process process;
  private final StringBuilder shown = new StringBuilder();
  private final Thread reader;

  private TerminalProcess(Process process) {
    this.process = process;
    reader = new Thread(this::read, "terminal");
    reader.setDaemon(true);
    reader.start();
  }

  static TerminalProcess start(Path folder, Map<String, String> environment, List<String> command) {
    assumeThat(System.getProperty("os.name")).isEqualTo("Linux");
    assumeThat(Files.isExecutable(SCRIPT)).as("%s makes terminals", SCRIPT).isTrue();
    String line =
        command.stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(joining(" ", "exec ", ""));
    ProcessBuilder builder =
        new ProcessBuilder(SCRIPT.toString(), "--quiet", "--return", "--command", line, "/dev/null")
            .directory(folder.toFile())
            .redirectErrorStream(true);
    builder.environment().keySet().removeIf(Replica::isSettingOfATool);
    builder.environment().putAll(environment);
    try {
      return new TerminalProcess(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A prompt is no line, so characters are read as they come. */
  private void read() {
    char[] some = new char[1_024];
    try (Reader terminal = process.inputReader(UTF_8)) {
      for (int count = terminal.read(some); count >= 0; count = terminal.read(some)) {
        show(new String(some, 0, count));
      }
    } catch (IOException e) {
      show(e.toString());
    }
  }

  private synchronized void show(String text) {
    shown.append(text);
  }

  void await(String text) {
    Await.until(() -> shown().contains(text), "the terminal shows " + text, this::shown);
  }

  void type(String line) {
    try {
      process.outputWriter(UTF_8).write(line + "\n");
      process.outputWriter(UTF_8).flush();
    } catch (IOException e) {
      throw new UncheckedIOException(shown(), e);
    }
  }

  /** All that the terminal shows, also what was typed unless it was hidden. */
  synchronized String shown() {
    return shown.toString();
  }

  int exitStatus() {
    try {
      if (!process.waitFor(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("Did not end:\n" + shown());
      }
      reader.join(Await.DEADLINE.toMillis());
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
