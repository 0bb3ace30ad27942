package io.github.advisorylock.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A project with one plugin, whose Maven finds the modules of this build in a repository. */
final class RecipeProject {
  private static final String POM =
      """
      <project xmlns="http://maven.apache.org/POM/4.0.0">
        <modelVersion>4.0.0</modelVersion>
        <groupId>it</groupId>
        <artifactId>it</artifactId>
        <version>1</version>
        <packaging>pom</packaging>
        <properties>
      %s
        </properties>
        <build>
          <plugins>
      %s
          </plugins>
        </build>
      </project>
      """;

  private RecipeProject() {}

  /** The Maven that runs the tests. */
  static Path command() {
    return Path.of(System.getProperty("maven.home"), "bin", "mvn");
  }

  /**
   * Writes what Maven reads in a folder.
   *
   * @param properties for the POM
   * @param plugin as it stands in the POM
   */
  static void write(Path folder, Map<String, String> properties, String plugin) throws IOException {
    Path repository = folder.resolve("repository").toAbsolutePath();
    MavenRepository.create(repository);
    Files.createDirectories(folder.resolve(".mvn"));
    Files.write(
        folder.resolve(".mvn").resolve("maven.config"),
        List.of("-ntp", "-B", "-Dmaven.repo.local=" + repository));
    Files.writeString(
        folder.resolve("pom.xml"),
        POM.formatted(
            properties.entrySet().stream()
                .map(
                    property ->
                        "<%1$s>%2$s</%1$s>".formatted(property.getKey(), property.getValue()))
                .collect(Collectors.joining()),
            plugin));
  }
}
