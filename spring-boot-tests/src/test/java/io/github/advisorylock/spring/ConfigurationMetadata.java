package io.github.advisorylock.spring;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.springframework.boot.json.JsonParserFactory;

/** What a jar tells IDEs of an application's properties. Each jar has a file of that name. */
record ConfigurationMetadata(Map<String, Object> content) {

  /** That of the jar that has a class. */
  static ConfigurationMetadata ofJarWith(Class<?> type) {
    String jar = type.getProtectionDomain().getCodeSource().getLocation().toString();
    String root = jar.endsWith(".jar") ? "jar:" + jar + "!/" : jar;
    try (InputStream file =
        URI.create(root + "META-INF/spring-configuration-metadata.json").toURL().openStream()) {
      String json = new String(file.readAllBytes(), StandardCharsets.UTF_8);
      return new ConfigurationMetadata(JsonParserFactory.getJsonParser().parseMap(json));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<Map<String, Object>> properties() {
    return items("properties", content);
  }

  List<Map<String, Object>> hints() {
    return items("hints", content);
  }

  static List<Map<String, Object>> valuesOf(Map<String, Object> hint) {
    return items("values", hint);
  }

  @SuppressWarnings("unchecked") // the format of the file
  private static List<Map<String, Object>> items(String kind, Map<String, Object> parent) {
    return (List<Map<String, Object>>) parent.get(kind);
  }
}
