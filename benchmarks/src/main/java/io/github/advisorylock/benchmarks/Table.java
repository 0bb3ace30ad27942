package io.github.advisorylock.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A table in Markdown. The first column is text, the others are figures. */
final class Table {

  private final List<String> head;
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... head) {
    this.head = List.of(head);
  }

  void add(List<String> row) {
    if (row.size() != head.size()) {
      throw new IllegalArgumentException("%s does not fit %s".formatted(row, head));
    }
    rows.add(List.copyOf(row));
  }

  void add(String... row) {
    add(List.of(row));
  }

  String markdown() {
    StringBuilder markdown = new StringBuilder(line(head));
    markdown.append("|---|").append("---:|".repeat(head.size() - 1)).append('\n');
    rows.forEach(row -> markdown.append(line(row)));
    return markdown.toString();
  }

  private static String line(List<String> cells) {
    return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
  }
}
