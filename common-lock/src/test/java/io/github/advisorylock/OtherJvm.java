package io.github.advisorylock;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM with nothing on its class path but the lock and its tests, unless told otherwise. */
final class OtherJvm {

  private OtherJvm() {}

  /**
   * Runs a main class to its end.
   *
   * @return the lines that it wrote to standard output and standard error
   */
  static List<String> run(Class<?> main, List<String> options, Class<?>... furtherClassPath) {
    return run(main, options, List.of(), furtherClassPath);
  }

  /** The same with arguments. */
  static List<String> run(
      Class<?> main, List<String> options, List<String> arguments, Class<?>... furtherClassPath) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(
        Stream.concat(Stream.of(LockKey.class, LonelyRun.class), Stream.of(furtherClassPath))
            .map(OtherJvm::origin)
            .collect(Collectors.joining(System.getProperty("path.separator"))));
    command.add(main.getName());
    command.addAll(arguments);
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (InputStream output = process.getInputStream()) {
        List<String> lines =
            new String(output.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        int status = process.waitFor();
        if (status != 0) {
          throw new AssertionError("Ended with status " + status + ": " + lines);
        }
        return lines;
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String origin(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
