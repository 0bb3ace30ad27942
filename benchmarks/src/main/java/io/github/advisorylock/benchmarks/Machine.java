package io.github.advisorylock.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the figures depend on. */
final class Machine {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final String MODEL = "model name";

  private Machine() {}

  static String processor() {
    return "%s, %d cores".formatted(model(), Runtime.getRuntime().availableProcessors());
  }

  private static String model() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith(MODEL))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElseGet(Machine::architecture);
    } catch (IOException e) {
      return architecture();
    }
  }

  private static String architecture() {
    return System.getProperty("os.arch");
  }

  static String operatingSystem() {
    return System.getProperty("os.name") + " " + System.getProperty("os.version");
  }

  static String jdk() {
    return "JDK %s, %s"
        .formatted(System.getProperty("java.version"), System.getProperty("java.vendor"));
  }
}
