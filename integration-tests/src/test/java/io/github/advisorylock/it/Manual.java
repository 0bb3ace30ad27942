package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the manual.
 *
 * @param file where it is
 * @param text what it says
 */
record Manual(Path file, String text) {
  private static final Path ROOT = Path.of("..");

  /** A page in the folder docs. */
  static Manual page(String name) {
    return of(ROOT.resolve("docs").resolve(name));
  }

  static Manual readme() {
    return of(ROOT.resolve("README.md"));
  }

  /** Every page, the front page included. */
  static List<Manual> all() {
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(
              Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
                  .map(ROOT::resolve),
              files)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .map(Manual::of)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Manual of(Path file) {
    try {
      return new Manual(file, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The blocks of code in a language, such as {@code sql}. */
  List<String> blocks(String language) {
    return find("(?ms)^```" + language + "\\n(.*?)^```$");
  }

  /** What the first group of a pattern matches, in its order. */
  List<String> find(String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
