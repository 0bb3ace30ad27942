package io.github.advisorylock.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A local repository of Maven's with the modules of this build, as {@code mvn install} would put
 * them there. All else is linked to the build's own one, which has so none of them, and all that is
 * fetched.
 */
final class MavenRepository {
  private static final Path ROOT = Path.of("..");
  private static final Path GROUP = Path.of("io", "github", "advisorylock");
  private static final List<String> MODULES =
      List.of("common-lock", Tool.FLYWAY.adapter(), Tool.LIQUIBASE.adapter());
  private static final String VERSION = System.getProperty("project.version");

  private MavenRepository() {}

  /** Makes it, unless it is there. */
  static void create(Path repository) throws IOException {
    link(Maven.localRepository(), repository, GROUP);
    install(ROOT.resolve("pom.xml"), repository, "advisory-lock-parent", "pom");
    for (String module : MODULES) {
      Path folder = ROOT.resolve(module);
      install(folder.resolve("pom.xml"), repository, module, "pom");
      install(folder.resolve("target").resolve(file(module, "jar")), repository, module, "jar");
    }
  }

  /** Links all that is in a folder, but for what is on the way to {@code own}, or in it. */
  private static void link(Path from, Path to, Path own) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        Path target = to.resolve(entry.getFileName());
        if (!entry.getFileName().equals(own.getName(0))) {
          if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            Files.createSymbolicLink(target, entry);
          }
        } else if (own.getNameCount() > 1) {
          link(entry, target, own.subpath(1, own.getNameCount()));
        }
      }
    }
  }

  private static void install(Path file, Path repository, String artifact, String type)
      throws IOException {
    Path folder = repository.resolve(GROUP).resolve(artifact).resolve(VERSION);
    Files.createDirectories(folder);
    Files.copy(file, folder.resolve(file(artifact, type)), StandardCopyOption.REPLACE_EXISTING);
  }

  private static String file(String artifact, String type) {
    return artifact + "-" + VERSION + "." + type;
  }
}
