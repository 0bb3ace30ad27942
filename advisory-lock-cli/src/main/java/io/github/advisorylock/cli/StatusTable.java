package io.github.advisorylock.cli;

import static java.util.stream.Collectors.joining;

import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A status for people: one line that says it all, and one for each session. */
final class StatusTable {

  private static final String HIDDEN = "-";
  private static final List<String> TITLES =
      List.of("", "PID", "APPLICATION", "ROLE", "ADDRESS", "CONNECTED SINCE", "STATE", "STATEMENT");

  private StatusTable() {}

  static String of(LockStatus status) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(TITLES);
    status.holders().forEach(seen -> rows.add(row("holds", seen.session())));
    status.workers().forEach(seen -> rows.add(row("works", seen.session())));
    status.waiters().forEach(seen -> rows.add(row("waits", seen.session())));
    String summary = summary(status);
    return rows.size() == 1 ? summary : summary + "\n\n" + aligned(rows);
  }

  private static String summary(LockStatus status) {
    String lock = "The advisory lock " + status.key();
    if (!status.holders().isEmpty()) {
      return lock + " is held";
    }
    return status.isFree()
        ? lock + " is free"
        : lock + " is not held, but nobody begins before the work for an earlier holder has ended";
  }

  private static List<String> row(String part, ServerSession session) {
    boolean prepared = session.pid() == 0;
    return List.of(
        part,
        prepared ? HIDDEN : Integer.toString(session.pid()),
        prepared ? session.describe() : cell(session.applicationName()),
        cell(session.user()),
        cell(session.clientAddress()),
        cell(since(session.connectedSince())),
        cell(session.describeState()),
        "idle".equals(session.state()) ? HIDDEN : cell(session.describeQuery()));
  }

  private static @Nullable String since(@Nullable Instant time) {
    return time == null ? null : time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String cell(@Nullable String text) {
    return text == null || text.isBlank() ? HIDDEN : Lines.oneLine(text);
  }

  private static String aligned(List<List<String>> rows) {
    return rows.stream().map(row -> aligned(row, rows)).collect(joining("\n"));
  }

  private static String aligned(List<String> row, List<List<String>> rows) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      int which = column;
      int width = rows.stream().mapToInt(other -> other.get(which).length()).max().orElse(0);
      String cell = row.get(column);
      line.append(cell).append(" ".repeat(width - cell.length() + 2));
    }
    return line.toString().stripTrailing();
  }
}
