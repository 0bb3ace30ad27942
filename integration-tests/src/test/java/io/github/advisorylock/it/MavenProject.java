package io.github.advisorylock.it;

import io.github.advisorylock.it.SettingChannel.Ending;
import io.github.advisorylock.it.SettingChannel.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.maven.model.Dependency;
import org.apache.maven.model.Plugin;

/** A project that migrates with a tool's Maven plugin, run by a Maven of its own. */
record MavenProject(Tool tool, Run run) {
  /**
   * Runs {@code flyway:migrate} or {@code liquibase:update}.
   *
   * @param projectProperties for the POM
   * @param systemProperties for the command line
   */
  Ending migrate(Map<String, String> projectProperties, Map<String, String> systemProperties)
      throws IOException {
    Pom.ofUser().properties(projectProperties).plugin(plugin()).writeTo(run.folder());
    List<String> arguments = new ArrayList<>();
    Map<String, String> all = new LinkedHashMap<>(whereToMigrate());
    all.putAll(systemProperties);
    all.forEach((name, value) -> arguments.add("-D" + name + "=" + value));
    arguments.add(tool == Tool.FLYWAY ? "flyway:migrate" : "liquibase:update");
    return Ending.of(Maven.start(run.folder(), arguments));
  }

  private Plugin plugin() {
    Plugin plugin = new Plugin();
    if (tool == Tool.FLYWAY) {
      String release = System.getProperty("flyway.maven-plugin.version");
      plugin.setGroupId("org.flywaydb");
      plugin.setArtifactId("flyway-maven-plugin");
      plugin.setVersion(release);
      plugin.addDependency(Pom.dependency("org.flywaydb:flyway-database-postgresql:" + release));
    } else {
      plugin.setGroupId("org.liquibase");
      plugin.setArtifactId("liquibase-maven-plugin");
      plugin.setVersion(System.getProperty("liquibase.version"));
    }
    plugin.addDependency(
        Pom.dependency("org.postgresql:postgresql:" + System.getProperty("postgresql.version")));
    plugin.addDependency(lock());
    return plugin;
  }

  /** Users have it from a repository. */
  private Dependency lock() {
    Dependency lock = Pom.dependency("io.github.advisorylock:" + tool.adapter() + ":1");
    lock.setScope("system");
    lock.setSystemPath(run.jar().toString());
    return lock;
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
