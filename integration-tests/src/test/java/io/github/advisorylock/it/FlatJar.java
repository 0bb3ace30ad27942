package io.github.advisorylock.it;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;

/**
 * A class path packed into one jar, with all classes side by side, as shading plugins do. Of files
 * with the same name the first is taken, unless services are merged.
 */
final class FlatJar {

  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final boolean mergesServices;

  private FlatJar(boolean mergesServices) {
    this.mergesServices = mergesServices;
  }

  static Path of(List<Path> classPath, boolean mergesServices, Path target) throws IOException {
    FlatJar jar = new FlatJar(mergesServices);
    for (Path entry : classPath) {
      if (Files.isDirectory(entry)) {
        jar.addFolder(entry);
      } else {
        jar.addJar(entry);
      }
    }
    jar.writeTo(target);
    return target;
  }

  private void addFolder(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        add(
            folder.relativize(file).toString().replace(File.separatorChar, '/'),
            Files.readAllBytes(file));
      }
    }
  }

  private void addJar(Path path) throws IOException {
    try (JarFile jar = new JarFile(path.toFile())) {
      for (JarEntry entry : Collections.list(jar.entries())) {
        if (!entry.isDirectory()) {
          try (InputStream content = jar.getInputStream(entry)) {
            add(entry.getName(), content.readAllBytes());
          }
        }
      }
    }
  }

  private void add(String name, byte[] content) throws IOException {
    if (name.endsWith("module-info.class")
        || name.matches("META-INF/(MANIFEST[.]MF|.*[.](SF|RSA|DSA))")) {
      return; // they are about another jar
    }
    byte[] earlier = files.putIfAbsent(name, content);
    if (earlier != null && mergesServices && name.startsWith(ServiceFiles.FOLDER)) {
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.write(earlier);
      both.write("\n".getBytes(StandardCharsets.UTF_8));
      both.write(content);
      files.put(name, both.toByteArray());
    }
  }

  private void writeTo(Path target) throws IOException {
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(target))) {
      jar.setLevel(Deflater.NO_COMPRESSION);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        jar.putNextEntry(new JarEntry(file.getKey()));
        jar.write(file.getValue());
      }
    }
  }
}
