package io.github.advisorylock.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The class path of a replica, made from that of the test JVM: the tool, its dependencies, pgjdbc,
 * a pool and {@link ReplicaMain}; no test library, not the other tool, and the lock only if asked.
 */
final class ReplicaClassPath {
  private static final String COMMON = "common-lock";
  private static final List<String> TEST_LIBRARIES =
      List.of(
          "com/github/docker-java",
          "com/networknt",
          "com/tngtech/archunit",
          "io/zonky",
          "junit",
          "net/bytebuddy",
          "org/apache/maven",
          "org/assertj",
          "org/codehaus/plexus",
          "org/junit",
          "org/testcontainers");

  private ReplicaClassPath() {}

  static String withoutLock(Tool tool) {
    return join(entries().filter(isLock().negate()).filter(belongsTo(tool)));
  }

  static String withLock(Tool tool) {
    for (String artifact : List.of(COMMON, tool.adapter())) {
      if (entries().noneMatch(isBuildOf(artifact))) {
        throw new IllegalStateException(
            artifact + " is not on the class path of the tests: it is no dependency, or not built");
      }
    }
    return join(
        entries().filter(isBuildOf(tool.other().adapter()).negate()).filter(belongsTo(tool)));
  }

  static String withJar(Tool tool, Path jar) {
    return withoutLock(tool) + File.pathSeparator + jar.toAbsolutePath();
  }

  /** The adapter, with another release of the tool, its driver and pools than here. */
  static String withLock(Tool tool, String libraries) {
    Path harness = Path.of("target", "test-classes");
    return join(
            entries()
                .filter(
                    isBuildOf(COMMON)
                        .or(isBuildOf(tool.adapter()))
                        .or(entry -> entry.endsWith(harness))))
        + File.pathSeparator
        + libraries;
  }

  /** The tool and its dependencies, without driver and lock. */
  static List<Path> jars(Tool tool) {
    return entries()
        .filter(isLock().negate())
        .filter(belongsTo(tool))
        .filter(Files::isRegularFile)
        .filter(isDriver().negate())
        .toList();
  }

  /** The jar of pgjdbc. */
  static Path driver() {
    return entries().filter(isDriver()).findFirst().orElseThrow();
  }

  private static Stream<Path> entries() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of);
  }

  private static Predicate<Path> isLock() {
    return isBuildOf(COMMON)
        .or(isBuildOf(Tool.FLYWAY.adapter()))
        .or(isBuildOf(Tool.LIQUIBASE.adapter()));
  }

  private static Predicate<Path> isDriver() {
    return entry ->
        entry.endsWith("postgresql-" + System.getProperty("postgresql.version") + ".jar");
  }

  /** Only the entry's own name counts: the checkout may well be called like one of the modules. */
  private static Predicate<Path> isBuildOf(String artifact) {
    Path classes = Path.of(artifact, "target", "classes");
    return entry ->
        entry.endsWith(classes) || entry.getFileName().toString().startsWith(artifact + "-");
  }

  private static Predicate<Path> belongsTo(Tool tool) {
    return entry -> {
      String path = entry.toString().replace(File.separatorChar, '/');
      return !path.contains("/" + tool.other().mavenGroup() + "/")
          && TEST_LIBRARIES.stream().noneMatch(library -> path.contains("/" + library + "/"));
    };
  }

  private static String join(Stream<Path> entries) {
    return entries.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }
}
