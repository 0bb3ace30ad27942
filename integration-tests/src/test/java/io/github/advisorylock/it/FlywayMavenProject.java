package io.github.advisorylock.it;

import io.github.advisorylock.it.SettingChannel.Ending;
import io.github.advisorylock.it.SettingChannel.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A project that migrates with flyway-maven-plugin, run by a Maven of its own. */
record FlywayMavenProject(Run run) {
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
            <plugin>
              <groupId>org.flywaydb</groupId>
              <artifactId>flyway-maven-plugin</artifactId>
              <version>%s</version>
              <dependencies>
                <dependency>
                  <groupId>org.flywaydb</groupId>
                  <artifactId>flyway-database-postgresql</artifactId>
                  <version>%s</version>
                </dependency>
                <dependency>
                  <groupId>org.postgresql</groupId>
                  <artifactId>postgresql</artifactId>
                  <version>%s</version>
                </dependency>
                <dependency>
                  <!-- Users have it from a repository. -->
                  <groupId>io.github.advisorylock</groupId>
                  <artifactId>flyway-advisory-lock</artifactId>
                  <version>1</version>
                  <scope>system</scope>
                  <systemPath>%s</systemPath>
                </dependency>
              </dependencies>
            </plugin>
          </plugins>
        </build>
      </project>
      """;

  /**
   * Runs {@code flyway:migrate}.
   *
   * @param projectProperties for the POM
   * @param systemProperties for the command line
   */
  Ending migrate(Map<String, String> projectProperties, Map<String, String> systemProperties)
      throws IOException {
    String plugin = System.getProperty("flyway.maven-plugin.version");
    Files.writeString(
        run.folder().resolve("pom.xml"),
        POM.formatted(
            projectProperties.entrySet().stream()
                .map(
                    property ->
                        "<%1$s>%2$s</%1$s>".formatted(property.getKey(), property.getValue()))
                .collect(Collectors.joining()),
            plugin,
            plugin,
            System.getProperty("postgresql.version"),
            AllJarIT.of(Tool.FLYWAY)));
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("maven.home"), "bin", "mvn").toString(),
                "-ntp",
                "-B",
                "-Dmaven.repo.local=" + System.getProperty("localRepository"),
                "-Dflyway.url=" + run.database().url(),
                "-Dflyway.user=" + run.database().user(),
                "-Dflyway.password=" + run.database().password(),
                "-Dflyway.locations=filesystem:" + run.migrations()));
    systemProperties.forEach((name, value) -> line.add("-D" + name + "=" + value));
    line.add("flyway:migrate");
    return Ending.of(ChildProcess.start(run.folder(), Map.of(), line));
  }
}
