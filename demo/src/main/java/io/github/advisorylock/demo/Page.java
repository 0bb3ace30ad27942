package io.github.advisorylock.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** The whole demo as one self-contained HTML file: a table of the figures, then the timelines. */
final class Page {

  private static final String HEADINGS =
      List.of("", "", "done", "failed", "median wait", "total", "overlap", "problems").stream()
          .map(heading -> "<th>" + heading + "</th>")
          .collect(Collectors.joining());

  private Page() {}

  static void write(String title, List<Comparison> played, Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(
        file,
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="color-scheme" content="light dark">
        <title>Rollouts without and with the advisory lock</title>
        <style>
          body { font: 14px system-ui, sans-serif; margin: 2em; color: #57606a }
          table { border-collapse: collapse; margin: 1em 0 }
          th, td { text-align: left; padding: .2em .8em; border-bottom: 1px solid #8b949e55 }
        </style>
        <h1>Rollouts without and with the advisory lock</h1>
        <p>%s</p>
        <table>
        <tr>%s</tr>
        %s
        </table>
        %s
        </html>
        """
            .formatted(escape(title), HEADINGS, rows(played), SvgTimeline.draw(played)));
  }

  private static String rows(List<Comparison> played) {
    return played.stream()
        .map(
            comparison ->
                row(comparison.scene().name(), "without", comparison.without())
                    + row("", "with", comparison.with()))
        .collect(Collectors.joining("\n"));
  }

  private static String row(String scene, String how, Take take) {
    return List.of(
            scene,
            how,
            Integer.toString(take.lanes(Report.Outcome.DONE).size()),
            Findings.failures(take),
            Timeline.seconds(take.medianWait()),
            Timeline.seconds(take.total()),
            Findings.overlap(take),
            String.join("; ", Findings.problems(take)))
        .stream()
        .map(cell -> "<td>" + escape(cell) + "</td>")
        .collect(Collectors.joining("", "<tr>", "</tr>"));
  }

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
