package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** JDKs on this machine, beside the one that runs the tests. */
final class Jdks {
  private static final List<Path> FOLDERS = List.of(Path.of("/opt"), Path.of("/usr/lib/jvm"));

  private Jdks() {}

  /**
   * The home of a JDK of this release: the running one, what {@code JAVA_25_HOME} or {@code
   * JAVA_HOME_25_X64} names (build servers have that), or one in the usual places.
   */
  static Optional<Path> find(int release) {
    return Stream.of(running(), named(release), installed())
        .flatMap(homes -> homes)
        .filter(home -> isRelease(home, release))
        .findFirst();
  }

  private static Stream<Path> running() {
    return Stream.of(Path.of(System.getProperty("java.home")));
  }

  private static Stream<Path> named(int release) {
    String name = "JAVA_%d_HOME|JAVA_HOME_%<d(_\\w+)?".formatted(release);
    return System.getenv().entrySet().stream()
        .filter(variable -> variable.getKey().matches(name) && !variable.getValue().isBlank())
        .map(variable -> Path.of(variable.getValue()));
  }

  private static Stream<Path> installed() {
    return FOLDERS.stream().filter(Files::isDirectory).flatMap(Jdks::children);
  }

  private static Stream<Path> children(Path folder) {
    try (Stream<Path> children = Files.list(folder)) {
      return children.sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isRelease(Path home, int release) {
    Path description = home.resolve("release");
    if (!Files.isExecutable(home.resolve("bin").resolve("java"))
        || !Files.isRegularFile(description)) {
      return false;
    }
    try {
      return Files.readString(description).contains("JAVA_VERSION=\"" + release);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
