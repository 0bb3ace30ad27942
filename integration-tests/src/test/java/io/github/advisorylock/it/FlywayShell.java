package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Flyway's own command line as users install it: an unpacked archive from Maven Central, with one
 * jar more in one of its folders. Its release is that of the archive, whatever the tests run on.
 */
final class FlywayShell {
  /** Starts sooner, and does not ask the network for a newer release. */
  static final Map<String, String> ENVIRONMENT =
      Map.of(
          "JAVA_ARGS",
          String.join(" ", ChildProcess.QUICK_START),
          "REDGATE_DISABLE_TELEMETRY",
          "true");

  private static final String SCRIPT = "flyway";

  private final Path installation;

  private FlywayShell(Path installation) {
    this.installation = installation;
  }

  /** Installs it in {@code target}, by links, with a jar in one of its folders. */
  static FlywayShell install(Path target, Path jar, String folder) {
    unpack(target);
    try {
      Files.createDirectories(target.resolve(folder));
      Files.copy(
          jar,
          target.resolve(folder).resolve(jar.getFileName()),
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new FlywayShell(target);
  }

  /** Unpacks the archive in {@code target}, by links. */
  static void unpack(Path target) {
    Path archive = Path.of(System.getProperty("flyway.commandline"));
    try (Stream<Path> tree = Files.walk(archive)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        Path link = target.resolve(archive.relativize(file));
        Files.createDirectories(link.getParent());
        if (file.endsWith(SCRIPT)) {
          Files.copy(file, link, StandardCopyOption.REPLACE_EXISTING); // it looks where it is
        } else {
          Files.deleteIfExists(link);
          Files.createSymbolicLink(link, file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Runs a command in a folder whose subfolder {@code sql} has the migrations.
   *
   * @param login who connects Flyway itself
   * @param arguments options and the command
   */
  ChildProcess run(
      Path folder,
      Database database,
      Login login,
      Map<String, String> environment,
      String... arguments) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "bash",
                installation.resolve(SCRIPT).toString(),
                "-skipCheckForUpdate",
                "-locations=filesystem:" + folder.resolve("sql"),
                "-url=" + database.url(),
                "-user=" + login.user(),
                "-password=" + login.password()));
    line.addAll(List.of(arguments));
    Map<String, String> all = new HashMap<>(ENVIRONMENT);
    all.putAll(environment);
    return ChildProcess.start(folder, all, line);
  }
}
