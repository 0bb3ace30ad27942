package io.github.advisorylock.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Liquibase's own command line, with the jar on its class path that is made for its lib folder. */
final class LiquibaseShell {
  private static final String MAIN = "liquibase.integration.commandline.LiquibaseCommandLine";

  /** Finds its folder, and starts the launcher there, as the archive's own script does. */
  private static final String SCRIPT =
      """
      #!/usr/bin/env bash
      export LIQUIBASE_HOME="$(cd "$(dirname "$0")" && pwd)"
      exec "$JAVA_HOME/bin/java" $JAVA_OPTS -jar "$LIQUIBASE_HOME/internal/lib/liquibase-core.jar" "$@"
      """;

  private LiquibaseShell() {}

  /**
   * Lays out in {@code home} what is in Liquibase's archive, which is not on Maven Central: the
   * script, the jars, by links, and an empty lib folder.
   */
  static void unpack(Path home) throws IOException {
    Path libraries = home.resolve("internal").resolve("lib");
    Files.createDirectories(libraries);
    Files.createDirectories(home.resolve("lib"));
    for (Path jar : ReplicaClassPath.jars(Tool.LIQUIBASE)) {
      String name = jar.getFileName().toString();
      Files.createSymbolicLink(
          libraries.resolve(name.startsWith("liquibase-core-") ? "liquibase-core.jar" : name), jar);
    }
    Files.writeString(home.resolve("liquibase"), SCRIPT);
    Files.setPosixFilePermissions(
        home.resolve("liquibase"), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /**
   * Runs a command in the folder that has the changelog.
   *
   * @param login who connects Liquibase itself
   * @param arguments global options, the command, and what else the command wants
   */
  static ChildProcess run(
      Path folder,
      Database database,
      Login login,
      Map<String, String> environment,
      String... arguments) {
    return run(AllJarIT.of(Tool.LIQUIBASE), folder, database, login, environment, arguments);
  }

  /** The same with another jar of the adapter. */
  static ChildProcess run(
      Path jar,
      Path folder,
      Database database,
      Login login,
      Map<String, String> environment,
      String... arguments) {
    List<String> line =
        ChildProcess.java(
            "-Dliquibase.analytics.enabled=false",
            "-cp",
            ReplicaClassPath.withJar(Tool.LIQUIBASE, jar),
            MAIN,
            "--show-banner=false");
    line.addAll(Arrays.asList(arguments));
    line.add("--url=" + database.url());
    line.add("--username=" + login.user());
    line.add("--password=" + login.password());
    if (takesChangelog(arguments)) {
      line.add("--changelog-file=" + Migrations.CHANGELOG);
    }
    return ChildProcess.start(folder, environment, line);
  }

  private static boolean takesChangelog(String... arguments) {
    return Arrays.asList(arguments).contains("update");
  }
}
