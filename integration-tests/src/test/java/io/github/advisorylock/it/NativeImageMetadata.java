package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a published jar tells GraalVM's native-image, read from its sources. */
final class NativeImageMetadata {

  /** The packages of all that is ours, and the group of the jars. */
  static final String GROUP = "io.github.advisorylock";

  static final JsonMapper JSON = new JsonMapper();

  private final JsonNode tree;
  private final Map<String, JsonNode> types;

  private NativeImageMetadata(JsonNode tree) {
    this.tree = tree;
    this.types =
        tree.path("reflection")
            .valueStream()
            .collect(Collectors.toMap(entry -> entry.path("type").asString(), entry -> entry));
  }

  static NativeImageMetadata of(String artifact) {
    return new NativeImageMetadata(read(artifact, "reachability-metadata.json"));
  }

  /** One of the files of a jar. */
  static JsonNode read(String artifact, String file) {
    Path path =
        ServiceFiles.resources(artifact)
            .resolve(Path.of("META-INF", "native-image", GROUP, artifact, file));
    try {
      return JSON.readTree(Files.readString(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode tree() {
    return tree;
  }

  /** The entries for reflection by the name of the class. */
  Map<String, JsonNode> types() {
    return types;
  }

  List<String> resources() {
    return tree.path("resources")
        .valueStream()
        .map(entry -> entry.path("glob").asString())
        .toList();
  }

  /** Whether an object may be made by the constructor without arguments. */
  boolean canBeMade(String type) {
    return types.containsKey(type)
        && types
            .get(type)
            .path("methods")
            .valueStream()
            .anyMatch(
                method ->
                    method.path("name").asString().equals("<init>")
                        && method.path("parameterTypes").isEmpty());
  }

  /** Whether all of a kind of members may be asked for and used, such as {@code Fields}. */
  boolean opens(String type, String declaredMembers) {
    return types.containsKey(type)
        && types.get(type).path("allDeclared" + declaredMembers).asBoolean(false);
  }
}
