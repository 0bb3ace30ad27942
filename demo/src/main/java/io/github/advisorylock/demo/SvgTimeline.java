package io.github.advisorylock.demo;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Draws scenes into one SVG picture: to the left without, to the right with the lock, on the same
 * scale.
 */
final class SvgTimeline {

  private static final int MARGIN = 20;
  private static final int LABEL = 24;
  private static final int PANEL = 440;
  private static final int GAP = 100;
  private static final int ROW = 13;
  private static final int BAR = 9;
  private static final int LINE = 18;
  private static final int WIDTH = MARGIN + 2 * (LABEL + PANEL) + GAP + 3 * MARGIN;
  private static final int TICKS = 6;

  private static final String STYLE =
      """
        .tick { stroke: #8b949e; stroke-opacity: .35 }
        .wait { stroke: #8b949e; stroke-width: 1.5; stroke-dasharray: 2 2 }
        .once { fill: #2f81f7 }
        .every { fill: #c69026 }
        .done { fill: #2da44e }
        .failed { fill: #e5534b; font-weight: 600 }
      """;

  private final StringBuilder svg = new StringBuilder();
  private int top = MARGIN;

  private SvgTimeline() {}

  static String draw(List<Comparison> played) {
    SvgTimeline drawing = new SvgTimeline();
    drawing.addLegend();
    played.forEach(drawing::add);
    return drawing.finish();
  }

  private void addLegend() {
    append("<line class='wait' x1='%d' x2='%d' y1='%d' y2='%d'/>", MARGIN, 44, top - 4, top - 4);
    text("", 50, top, "waiting");
    append("<rect class='once' x='120' y='%d' width='24' height='%d'/>", top - BAR, BAR);
    text("", 150, top, "migration");
    append("<rect class='every' x='230' y='%d' width='24' height='%d'/>", top - BAR, BAR);
    text("", 260, top, "what every start runs");
    top += LINE;
  }

  private void add(Comparison comparison) {
    top += LINE;
    text("title", MARGIN, top, comparison.scene().title());
    top += LINE;
    int left = MARGIN + LABEL;
    int right = left + PANEL + GAP + LABEL;
    text("", left, top, "without the jar: " + Findings.counts(comparison.without()));
    text("", right, top, "with the jar: " + Findings.counts(comparison.with()));
    top += LINE / 2;
    int rows = comparison.scene().replicas();
    panel(comparison.without(), comparison.longest(), left);
    panel(comparison.with(), comparison.longest(), right);
    top += rows * ROW + LINE + LINE;
  }

  private void panel(Take take, Duration scale, int left) {
    int bottom = top + take.lanes().size() * ROW;
    Duration step = Timeline.tickEvery(scale, TICKS);
    for (Duration tick = Duration.ZERO; tick.compareTo(scale) < 0; tick = tick.plus(step)) {
      double x = left + width(tick, scale);
      append("<line class='tick' x1='%.1f' x2='%.1f' y1='%d' y2='%d'/>", x, x, top, bottom + 3);
      text("small", x, bottom + ROW, Timeline.tickLabel(tick));
    }
    int y = top;
    for (Lane lane : take.lanes()) {
      lane(lane, take, scale, left, y);
      y += ROW;
    }
  }

  private void lane(Lane lane, Take take, Duration scale, int left, int y) {
    Report report = lane.report();
    double middle = y + BAR / 2.0 + 1;
    text("small end", left - 6, y + BAR, Integer.toString(lane.replica()));
    double end = left + width(take.since(lane.end()), scale);
    append(
        "<line class='wait' x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'/>",
        left + width(take.since(report.started()), scale), end, middle, middle);
    for (Work work : lane.work()) {
      double from = left + width(take.since(work.begin()), scale);
      double to = left + width(take.since(work.end()), scale);
      append(
          "<rect class='%s' x='%.1f' y='%d' width='%.1f' height='%d'/>",
          work.isMigration() ? "once" : "every", from, y + 1, Math.max(1.5, to - from), BAR);
    }
    boolean done = lane.is(Report.Outcome.DONE);
    String mark = done ? "✓" : "✗ " + lane.whatEndedIt();
    text(done ? "done" : "failed", end + 4, y + BAR, mark);
  }

  private static double width(Duration time, Duration scale) {
    return Math.max(0, (double) PANEL * time.toNanos() / scale.toNanos());
  }

  private void text(String classes, double x, double y, String text) {
    append("<text class='%s' x='%.1f' y='%.1f'>%s</text>", classes, x, y, Page.escape(text));
  }

  private void append(String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private String finish() {
    return Svg.picture(
        WIDTH,
        top + MARGIN,
        "Replicas that migrate at the same time, without and with the advisory lock",
        STYLE,
        svg.toString());
  }
}
