package io.github.advisorylock.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Draws who says what to whom as an SVG picture, from a text with a line for each step.
 *
 * <p>The same text gives the same bytes everywhere: no font of the machine is measured, which is
 * why no library does this. Each label has room for as many characters as it has.
 */
final class SequenceDiagram {

  private static final Pattern TITLE = Pattern.compile("title: (.+)");
  private static final Pattern COLUMN = Pattern.compile("(\\w+) = (.+)");
  private static final Pattern MESSAGE = Pattern.compile("(\\w+) (-->|->) (\\w+): (.+)");
  private static final Pattern BAR_BEGINS = Pattern.compile("(\\w+) begins: (.+)");
  private static final Pattern BAR_ENDS = Pattern.compile("(\\w+) ends");

  private static final int CHARACTER = 7;
  private static final int MARGIN = 20;
  private static final int ROW = 28;
  private static final int HEAD = 44;
  private static final int HEAD_WIDTH = 170;
  private static final int BAR = 18;

  /** How far a label is from the column, so that no arrow's point is below it. */
  private static final int BESIDE = 27;

  private static final String STYLE =
      """
        .head { fill: #8b949e; fill-opacity: .15; stroke: #8b949e }
        .life { stroke: #8b949e; stroke-dasharray: 3 4 }
        .says, .answers { stroke: #57606a; stroke-width: 1.3; marker-end: url(#arrow) }
        .answers { stroke-dasharray: 5 3 }
        .point { fill: #57606a }
        .middle { text-anchor: middle }
        .holds { fill: #2f81f7 }
        .migrates { fill: #9a6700 }
        .waits { fill: #6e7781 }
        .on { fill: #ffffff; font-size: 11px; text-anchor: middle }
        @media (prefers-color-scheme: dark) {
          .says, .answers { stroke: #adbac7 }
          .point { fill: #adbac7 }
        }
      """;

  /** Who takes part, in the order from left to right. */
  private final Map<String, Column> columns = new LinkedHashMap<>();

  private final List<Message> messages = new ArrayList<>();
  private final List<Bar> bars = new ArrayList<>();
  private String title = "";
  private double end;

  /** What a line can be. */
  private final Map<Pattern, Consumer<MatchResult>> kinds =
      Map.of(
          TITLE, line -> title = line.group(1),
          COLUMN, this::addColumn,
          MESSAGE, this::addMessage,
          BAR_BEGINS, this::beginBar,
          BAR_ENDS, line -> endBar(column(line.group(1))));

  private SequenceDiagram() {}

  /** One who takes part. */
  private static final class Column {
    private final int index;
    private final List<String> names;
    private double x;

    Column(int index, List<String> names) {
      this.index = index;
      this.names = names;
    }
  }

  private record Message(Column from, Column to, boolean answers, String text, double y) {
    boolean concerns(Column column) {
      return from == column || to == column;
    }
  }

  /** What somebody does for a while; still going on at the end if that is NaN. */
  private record Bar(Column column, String text, double from, double to) {
    boolean isOpenAt(Column other) {
      return column == other && Double.isNaN(to);
    }
  }

  /**
   * Draws a text.
   *
   * @throws IllegalArgumentException if a line cannot be understood
   */
  static String draw(List<String> lines) {
    SequenceDiagram diagram = new SequenceDiagram();
    lines.stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .forEach(diagram::read);
    diagram.place();
    return diagram.svg();
  }

  private void read(String line) {
    for (Map.Entry<Pattern, Consumer<MatchResult>> kind : kinds.entrySet()) {
      Matcher matcher = kind.getKey().matcher(line);
      if (matcher.matches()) {
        kind.getValue().accept(matcher);
        return;
      }
    }
    throw new IllegalArgumentException("Not understood: " + line);
  }

  private void addColumn(MatchResult line) {
    columns.put(line.group(1), new Column(columns.size(), List.of(line.group(2).split(" \\| "))));
  }

  private Column column(String id) {
    Column column = columns.get(id);
    if (column == null) {
      throw new IllegalArgumentException("There is no column " + id);
    }
    return column;
  }

  private void addMessage(MatchResult line) {
    double y = MARGIN + ROW + HEAD + ROW * (messages.size() + 1.0);
    Column from = column(line.group(1));
    Column to = column(line.group(3));
    messages.add(new Message(from, to, line.group(2).equals("-->"), line.group(4), y));
  }

  /** Right after the last message. */
  private double here() {
    return messages.isEmpty() ? 0 : messages.get(messages.size() - 1).y + 5;
  }

  private void beginBar(MatchResult line) {
    bars.add(new Bar(column(line.group(1)), line.group(2), here(), Double.NaN));
  }

  private void endBar(Column column) {
    for (int i = bars.size() - 1; i >= 0; i--) {
      Bar bar = bars.get(i);
      if (bar.isOpenAt(column)) {
        bars.set(i, new Bar(column, bar.text, bar.from, here()));
        return;
      }
    }
    throw new IllegalArgumentException("Nothing ends at " + column.names);
  }

  /**
   * Each label goes next to the column that has most to do, where there is room for the longest.
   */
  private void place() {
    Column hub = hub();
    double x = MARGIN + HEAD_WIDTH / 2.0;
    Column left = null;
    for (Column column : columns.values()) {
      x += left == null ? 0 : Math.max(HEAD_WIDTH + MARGIN, roomBetween(left, column, hub));
      column.x = x;
      left = column;
    }
    end = here() + ROW;
  }

  private Column hub() {
    return columns.values().stream()
        .max(Comparator.comparing(this::messagesOf))
        .orElseThrow(() -> new IllegalArgumentException("Nobody takes part"));
  }

  private long messagesOf(Column column) {
    return messages.stream().filter(message -> message.concerns(column)).count();
  }

  private int roomBetween(Column left, Column right, Column hub) {
    int longest =
        messages.stream()
            .filter(message -> left == hub ? goesRight(message, hub) : right == hub)
            .filter(message -> left == hub || !goesRight(message, hub))
            .mapToInt(message -> message.text.length())
            .max()
            .orElse(0);
    return longest * CHARACTER + BESIDE + BAR;
  }

  private static boolean goesRight(Message message, Column hub) {
    return Math.max(message.from.index, message.to.index) > hub.index;
  }

  private String svg() {
    StringBuilder svg = new StringBuilder();
    appendHeading(svg);
    columns.values().forEach(column -> append(svg, column));
    bars.forEach(bar -> append(svg, bar));
    Column hub = hub();
    messages.forEach(message -> append(svg, message, hub));
    double width =
        columns.values().stream().mapToDouble(column -> column.x).max().orElse(0)
            + HEAD_WIDTH / 2.0
            + MARGIN;
    return Svg.picture(width, end + MARGIN, title, STYLE, svg.toString());
  }

  private void appendHeading(StringBuilder svg) {
    append(
        svg,
        "<defs><marker id='arrow' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='8' markerHeight='8'"
            + " orient='auto'><path class='point' d='M 0 0 L 8 4 L 0 8 z'/></marker></defs>");
    append(
        svg,
        "<text class='title' x='%d' y='%d'>%s</text>",
        MARGIN,
        MARGIN + 10,
        Page.escape(title));
  }

  private void append(StringBuilder svg, Column column) {
    double top = MARGIN + ROW;
    append(
        svg,
        "<line class='life' x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'/>",
        column.x,
        column.x,
        top + HEAD,
        end);
    append(
        svg,
        "<rect class='head' x='%.1f' y='%.1f' width='%d' height='%d' rx='4'/>",
        column.x - HEAD_WIDTH / 2.0,
        top,
        HEAD_WIDTH,
        HEAD);
    double y = top + HEAD / 2.0 + 4 - 8 * (column.names.size() - 1);
    for (String name : column.names) {
      append(
          svg, "<text class='middle' x='%.1f' y='%.1f'>%s</text>", column.x, y, Page.escape(name));
      y += 16;
    }
  }

  private void append(StringBuilder svg, Bar bar) {
    double to = Double.isNaN(bar.to) ? end : bar.to;
    String kind = bar.text.replaceFirst("\\W.*", "");
    append(
        svg,
        "<rect class='%s' x='%.1f' y='%.1f' width='%d' height='%.1f' rx='3'/>",
        kind,
        bar.column.x - BAR / 2.0,
        bar.from,
        BAR,
        to - bar.from);
    double middle = (bar.from + to) / 2;
    append(
        svg,
        "<text class='on' x='%.1f' y='%.1f' transform='rotate(-90 %.1f %.1f)'>%s</text>",
        bar.column.x,
        middle + 4,
        bar.column.x,
        middle,
        Page.escape(bar.text));
  }

  private void append(StringBuilder svg, Message message, Column hub) {
    double direction = Math.signum(message.to.x - message.from.x);
    double gap = BAR / 2.0 + 1;
    append(
        svg,
        "<line class='%s' x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'/>",
        message.answers ? "answers" : "says",
        message.from.x + direction * gap,
        message.to.x - direction * gap,
        message.y,
        message.y);
    boolean right = goesRight(message, hub);
    append(
        svg,
        "<text class='%s' x='%.1f' y='%.1f'>%s</text>",
        right ? "" : "end",
        hub.x + (right ? 1 : -1) * BESIDE,
        message.y - 6,
        Page.escape(message.text));
  }

  private static void append(StringBuilder svg, String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
