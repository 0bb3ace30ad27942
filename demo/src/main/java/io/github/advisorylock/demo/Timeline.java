package io.github.advisorylock.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Draws a take with characters: a line for each replica, time from left to right. */
final class Timeline {

  static final String LEGEND =
      "· waiting   █ migration   ▒ what every start runs   ✓ done   ✗ failed";

  private static final int COLUMNS = 76;
  private static final String MARGIN = "     ";
  private static final int COLUMNS_BETWEEN_TICKS = 12;

  private final Duration scale;
  private final Terminal terminal;

  /**
   * For takes that are to be compared.
   *
   * @param scale how long the longest of them took
   */
  Timeline(Duration scale, Terminal terminal) {
    this.scale = scale;
    this.terminal = terminal;
  }

  void print(Take take) {
    for (Lane lane : take.lanes()) {
      terminal.println("%4d %s".formatted(lane.replica(), draw(lane, take)));
    }
  }

  private String draw(Lane lane, Take take) {
    char[] cells = new char[column(take, lane.end()) + 1];
    Arrays.fill(cells, ' ');
    fill(cells, '·', take, lane.report().started(), lane.end());
    Stream<Work> migrationsLast =
        lane.work().stream()
            .sorted((one, other) -> Boolean.compare(one.isMigration(), other.isMigration()));
    migrationsLast.forEach(
        work -> fill(cells, work.isMigration() ? '█' : '▒', take, work.begin(), work.end()));
    return new String(cells) + ending(lane, take);
  }

  private String ending(Lane lane, Take take) {
    return lane.is(Report.Outcome.DONE)
        ? terminal.green("✓") + " " + seconds(take.since(lane.end()))
        : terminal.red("✗ " + lane.whatEndedIt());
  }

  private void fill(char[] cells, char with, Take take, Instant from, Instant to) {
    int last = Math.min(column(take, to), cells.length - 1);
    Arrays.fill(cells, Math.min(column(take, from), last), last + 1, with);
  }

  private int column(Take take, Instant moment) {
    double share = (double) take.since(moment).toNanos() / scale.toNanos();
    return (int) Math.max(0, Math.min(COLUMNS - 1, Math.floor(share * COLUMNS)));
  }

  /** The seconds above the lines. */
  void printScale() {
    Duration step = tickEvery(scale, COLUMNS / COLUMNS_BETWEEN_TICKS);
    StringBuilder ticks = new StringBuilder();
    for (Duration tick = Duration.ZERO; tick.compareTo(scale) < 0; tick = tick.plus(step)) {
      int column = (int) (COLUMNS * tick.toNanos() / scale.toNanos());
      ticks
          .append(" ".repeat(Math.max(0, column - ticks.length())))
          .append("╷")
          .append(tickLabel(tick));
    }
    terminal.println(MARGIN + ticks);
  }

  /** A round number of seconds that divides a time into at most so many parts. */
  static Duration tickEvery(Duration time, int parts) {
    return List.of(100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000).stream()
        .map(Duration::ofMillis)
        .filter(step -> step.multipliedBy(parts).compareTo(time) >= 0)
        .findFirst()
        .orElse(Duration.ofMinutes(1));
  }

  static String tickLabel(Duration tick) {
    return String.format(Locale.ROOT, "%.1f s", tick.toMillis() / 1e3);
  }

  static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toNanos() / 1e9);
  }
}
