package io.github.advisorylock.demo;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The class path of a process: that of this one, with or without some of its jars. */
public final class ClassPath {

  /** Our three jars. */
  public static final List<String> OURS =
      List.of("common-lock", "flyway-advisory-lock", "liquibase-advisory-lock");

  private ClassPath() {}

  /**
   * Everything but these.
   *
   * @param artifacts their artifact IDs
   * @return the class path, as {@code java -cp} takes it
   */
  public static String without(Collection<String> artifacts) {
    return entries()
        .filter(entry -> artifacts.stream().noneMatch(artifact -> isBuildOf(artifact, entry)))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * The version in the name of a jar.
   *
   * @param artifact its artifact ID
   * @return the version; empty if it is not a jar
   */
  public static String versionOf(String artifact) {
    Pattern jar = Pattern.compile(Pattern.quote(artifact) + "-(\\d.*)\\.jar");
    return entries()
        .map(entry -> jar.matcher(Path.of(entry).getFileName().toString()))
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1))
        .findFirst()
        .orElse("");
  }

  /** Only the end of the path counts: the checkout may well be called like one of the modules. */
  private static boolean isBuildOf(String artifact, String entry) {
    Path path = Path.of(entry);
    return path.getFileName().toString().startsWith(artifact + "-")
        || path.endsWith(Path.of(artifact, "target", "classes"));
  }

  private static Stream<String> entries() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1));
  }
}
