package io.github.advisorylock.it;

import io.github.advisorylock.it.SettingChannel.Ending;
import io.github.advisorylock.it.SettingChannel.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A project that migrates with a tool's Maven plugin, run by a Maven of its own. */
record MavenProject(Tool tool, Run run) {
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
              %s
              <dependencies>
                %s
                <dependency>
                  <groupId>org.postgresql</groupId>
                  <artifactId>postgresql</artifactId>
                  <version>%s</version>
                </dependency>
                <dependency>
                  <!-- Users have it from a repository. -->
                  <groupId>io.github.advisorylock</groupId>
                  <artifactId>%s</artifactId>
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
   * Runs {@code flyway:migrate} or {@code liquibase:update}.
   *
   * @param projectProperties for the POM
   * @param systemProperties for the command line
   */
  Ending migrate(Map<String, String> projectProperties, Map<String, String> systemProperties)
      throws IOException {
    Files.writeString(run.folder().resolve("pom.xml"), pom(projectProperties));
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("maven.home"), "bin", "mvn").toString(),
                "-ntp",
                "-B",
                "-Dmaven.repo.local=" + System.getProperty("localRepository")));
    Map<String, String> all = new LinkedHashMap<>(whereToMigrate());
    all.putAll(systemProperties);
    all.forEach((name, value) -> line.add("-D" + name + "=" + value));
    line.add(tool == Tool.FLYWAY ? "flyway:migrate" : "liquibase:update");
    return Ending.of(ChildProcess.start(run.folder(), Map.of(), line));
  }

  private String pom(Map<String, String> properties) {
    return POM.formatted(
        properties.entrySet().stream()
            .map(property -> "<%1$s>%2$s</%1$s>".formatted(property.getKey(), property.getValue()))
            .collect(Collectors.joining()),
        tool == Tool.FLYWAY
            ? coordinates("org.flywaydb", "flyway-maven-plugin", flywayRelease())
            : coordinates(
                "org.liquibase", "liquibase-maven-plugin", System.getProperty("liquibase.version")),
        tool == Tool.FLYWAY
            ? "<dependency>%s</dependency>"
                .formatted(
                    coordinates("org.flywaydb", "flyway-database-postgresql", flywayRelease()))
            : "",
        System.getProperty("postgresql.version"),
        tool.adapter(),
        run.jar());
  }

  private static String coordinates(String group, String artifact, String version) {
    return "<groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>"
        .formatted(group, artifact, version);
  }

  private static String flywayRelease() {
    return System.getProperty("flyway.maven-plugin.version");
  }

  private Map<String, String> whereToMigrate() {
    Database database = run.database();
    return tool == Tool.FLYWAY
        ? Map.of(
            "flyway.url", database.url(),
            "flyway.user", database.user(),
            "flyway.password", database.password(),
            "flyway.locations", "filesystem:" + run.migrations())
        : Map.of(
            "liquibase.url", database.url(),
            "liquibase.username", database.user(),
            "liquibase.password", database.password(),
            "liquibase.changeLogFile",
                run.folder().relativize(run.migrations().resolve(Migrations.CHANGELOG)).toString(),
            "liquibase.analytics.enabled", "false");
  }
}
