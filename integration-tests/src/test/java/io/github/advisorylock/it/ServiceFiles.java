package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the published jars name in META-INF/services, read from their sources. */
final class ServiceFiles {

  static final String FOLDER = "META-INF/services/";

  private ServiceFiles() {}

  /** The folder of what goes into a jar besides classes. */
  static Path resources(String artifact) {
    return Path.of("..", artifact, "src", "main", "resources");
  }

  /** The classes of each service; empty for a jar that has none. */
  static Map<String, List<String>> of(String artifact) {
    Path folder = resources(artifact).resolve(FOLDER);
    if (!Files.isDirectory(folder)) {
      return Map.of();
    }
    Map<String, List<String>> services = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        services.put(file.getFileName().toString(), Files.readAllLines(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return services;
  }
}
