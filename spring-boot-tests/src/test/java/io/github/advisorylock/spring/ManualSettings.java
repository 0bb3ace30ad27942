package io.github.advisorylock.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The settings of a tool as the manual's page shows them to users of Spring Boot. */
public record ManualSettings(List<Row> rows) {

  private static final Path PAGE = Path.of("..", "..", "docs", "settings.md");

  /** The rows of a tool, such as {@code flyway}. */
  public static ManualSettings of(String tool) {
    try (Stream<String> lines = Files.lines(PAGE)) {
      return new ManualSettings(
          lines
              .filter(line -> line.contains("| `spring." + tool + ".advisory-lock."))
              .map(Row::of)
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A value for each setting, by its name. */
  public Map<String, String> examples() {
    Map<String, String> examples = new LinkedHashMap<>();
    rows.forEach(row -> examples.put(row.name, row.example));
    return examples;
  }

  /** The examples as properties. */
  public String[] properties() {
    return rows.stream().map(row -> row.property + "=" + row.example).toArray(String[]::new);
  }

  /** The examples as environment variables. */
  public String[] variables() {
    return rows.stream().map(row -> row.variable + "=" + row.example).toArray(String[]::new);
  }

  /** A row: the first two cells and the last two. */
  record Row(String name, String example, String property, String variable) {
    static Row of(String line) {
      List<String> cells =
          Stream.of(line.replace("`", "").split("\\|", -1)).map(String::strip).toList();
      int end = cells.size() - 1;
      return new Row(cells.get(1), cells.get(2), cells.get(end - 2), cells.get(end - 1));
    }
  }
}
