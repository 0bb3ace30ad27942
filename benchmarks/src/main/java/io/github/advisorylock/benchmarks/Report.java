package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.ClassPath;
import io.github.advisorylock.demo.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The report: Markdown, the charts it shows, and the samples behind it. */
final class Report {

  static final String FILE = "performance.md";

  private static final String COMMAND = "mvn -q -Pbenchmarks verify";

  private final Path folder;
  private final Effort effort;
  private final StringBuilder markdown = new StringBuilder();
  private final List<Samples> samples = new ArrayList<>();

  Report(Path folder, Effort effort) {
    this.folder = folder;
    this.effort = effort;
  }

  void introduce(String serverVersion) {
    markdown.append("# Performance\n\n");
    if (effort == Effort.QUICK) {
      markdown.append(
          "**A quick run: it shows that all works, and its figures mean nothing.**\n\n");
    }
    markdown.append(
        """
        All contenders were measured in one run, taking turns, each in a JVM of its own with nothing
        but its own jars. The ratios are the result; the times are those of this machine.

        """);
    Table table = new Table("measured on", "");
    table.add("processor", Machine.processor());
    table.add("operating system", Machine.operatingSystem());
    table.add("Java", Machine.jdk());
    table.add("server", serverVersion + ", fsync on, on the same machine");
    table.add("driver", "pgjdbc " + ClassPath.versionOf("postgresql"));
    table.add(
        "contenders",
        String.join(
            ", ",
            Tool.FLYWAY.titleAndVersion(),
            Tool.LIQUIBASE.titleAndVersion(),
            "liquibase-sessionlock " + ClassPath.versionOf(Contender.SESSIONLOCK_ARTIFACT)));
    table.add("command", "`" + COMMAND + "`");
    markdown.append(table.markdown());
  }

  void add(Benchmark benchmark, Samples measured, Duration took) throws IOException {
    samples.add(measured);
    Chapter chapter = benchmark.chapter(measured, effort);
    markdown.append("\n## ").append(chapter.title()).append("\n\n");
    markdown.append(chapter.note()).append('\n');
    chapter.tables().forEach(table -> markdown.append('\n').append(table.markdown()));
    Chart chart = chapter.chart();
    if (chart != null) {
      String file = benchmark.name() + ".svg";
      chart.write(folder.resolve(file));
      markdown.append("\n![%s](%s)\n".formatted(chapter.title(), file));
    }
    markdown.append("\nMeasured in %d s.\n".formatted(took.toSeconds()));
    // What there is so far is of use even if the next benchmark fails.
    Files.writeString(folder.resolve(FILE), markdown);
    Samples.write(samples, folder.resolve("samples.csv"));
  }
}
