package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The releases that the lock is shown to work on, all of them listed here only: every release of a
 * tool with every server, pool, JDK and driver, and those with each other, but not every
 * combination of all five.
 */
final class CompatibilityMatrix {
  static final List<String> SERVERS = List.of("14.24.0", "15.19.0", "16.15.0", "17.11.0", "18.6.0");
  static final List<String> DRIVERS = List.of("42.7.0", "42.7.14");
  static final List<Integer> JDKS = List.of(17, 25);

  private static final List<String> FLYWAYS =
      List.of("10.10.0", "10.20.1", "11.7.2", "11.14.1", "12.11.0", "13.12.2");
  private static final List<String> LIQUIBASES =
      List.of("4.27.0", "4.29.2", "4.31.1", "4.33.0", "5.0.4");

  /** Each pool, and none: the tool then connects by itself. */
  static final List<Optional<PoolLibrary>> POOLS =
      Stream.concat(
              Stream.<Optional<PoolLibrary>>of(Optional.empty()),
              Stream.of(PoolLibrary.values()).map(Optional::of))
          .toList();

  private CompatibilityMatrix() {}

  static List<String> releases(Tool tool) {
    return tool == Tool.FLYWAY ? FLYWAYS : LIQUIBASES;
  }

  /**
   * Two lines for each release of the tool: one for each JDK, with the drivers taking turns. The
   * lines of a release share the servers out between them, and each server there has a pool of its
   * own. That no two values of anything miss each other by that is up to the test.
   */
  static List<Line> lines(Tool tool) {
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < releases(tool).size(); i++) {
      for (int j = 0; j < JDKS.size(); j++) {
        String driver = DRIVERS.get((i / 3 + j) % DRIVERS.size());
        lines.add(new Line(tool, releases(tool).get(i), JDKS.get(j), driver));
      }
    }
    return lines;
  }

  /** What is run, line by line. */
  static List<Cell> cells(Tool tool) {
    return lines(tool).stream().flatMap(line -> cells(line).stream()).toList();
  }

  private static List<Cell> cells(Line line) {
    int release = releases(line.tool).indexOf(line.release);
    int half = (JDKS.indexOf(line.jdk) + release) % JDKS.size();
    return IntStream.range(0, SERVERS.size())
        .filter(server -> server % JDKS.size() == half)
        .mapToObj(
            server ->
                new Cell(
                    line, SERVERS.get(server), POOLS.get((2 * release + server) % POOLS.size())))
        .toList();
  }

  /** A Markdown table with a row for each line. */
  static String table(Tool tool, Map<Cell, Verdict> verdicts) {
    List<String> rows = new ArrayList<>();
    rows.add(
        row(
            Stream.concat(
                Stream.of(tool.title(), "JDK", "pgjdbc"),
                SERVERS.stream().map(server -> "PostgreSQL " + shortened(server)))));
    rows.add(row(Stream.generate(() -> "---").limit(3 + SERVERS.size())));
    for (Line line : lines(tool)) {
      rows.add(
          row(
              Stream.concat(
                  Stream.of(line.release, "" + line.jdk, line.driver),
                  SERVERS.stream().map(server -> entry(line, server, verdicts)))));
    }
    return String.join("\n", rows) + "\n";
  }

  private static String row(Stream<String> entries) {
    return entries.collect(Collectors.joining(" | ", "| ", " |"));
  }

  private static String entry(Line line, String server, Map<Cell, Verdict> verdicts) {
    return cells(line).stream()
        .filter(cell -> cell.server.equals(server))
        .map(cell -> verdicts.getOrDefault(cell, Verdict.NOT_RUN).sign + " " + cell.poolTitle())
        .collect(Collectors.joining());
  }

  /** The release of the server, without the number that the packagers add. */
  private static String shortened(String server) {
    return server.substring(0, server.lastIndexOf('.'));
  }

  /** What a process is started with; one that runs can go to any server with any pool. */
  record Line(Tool tool, String release, int jdk, String driver) {
    @Override
    public String toString() {
      return "%s %s, JDK %d, pgjdbc %s".formatted(tool.title(), release, jdk, driver);
    }
  }

  /** One run of the core of the contracts. */
  record Cell(Line line, String server, Optional<PoolLibrary> pool) {
    String poolTitle() {
      return pool.map(PoolLibrary::title).orElse("no pool");
    }

    @Override
    public String toString() {
      return "%s, PostgreSQL %s, %s".formatted(line, shortened(server), poolTitle());
    }
  }

  /** How a cell came out. */
  enum Verdict {
    PASSED("✓"),
    FAILED("✗"),
    /** There is no such JDK here. */
    NOT_RUN("–");

    private final String sign;

    Verdict(String sign) {
      this.sign = sign;
    }
  }
}
