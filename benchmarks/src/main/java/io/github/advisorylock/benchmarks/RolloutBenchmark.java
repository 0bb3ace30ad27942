package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import io.github.advisorylock.demo.Tool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** How long it takes until a service is up that starts many replicas at once, and how many fail. */
final class RolloutBenchmark implements Benchmark {

  private static final List<Contender> CONTENDERS =
      List.of(
          Contender.FLYWAY,
          Contender.FLYWAY_WITH_LOCK,
          Contender.LIQUIBASE,
          Contender.SESSIONLOCK,
          Contender.LIQUIBASE_WITH_LOCK);

  private static final List<Contender> STOCK = List.of(Contender.FLYWAY, Contender.LIQUIBASE);

  private static final List<Integer> SIZES = List.of(10, 50);
  private static final List<Integer> QUICK_SIZES = List.of(3);
  private static final int ROUNDS = 2;

  /** For those that sleep so much that more rounds would take longer than all the rest. */
  private static final int ROUNDS_OF_SLEEPERS = 1;

  /** Who is not through by then is late. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What stands before the replicas. */
  private enum Start {
    SHOP_FRESH("fresh", Work.SHOP, false),
    SHOP_MIGRATED("migrated", Work.SHOP, true),
    SMALLEST_FRESH("fresh, smallest work", Work.SMALLEST, false),
    SMALLEST_MIGRATED("migrated, smallest work", Work.SMALLEST, true);

    private final String title;
    private final Work work;
    private final boolean migrated;

    Start(String title, Work work, boolean migrated) {
      this.title = title;
      this.work = work;
      this.migrated = migrated;
    }

    String scenario(int size) {
      return "%d replicas, %s".formatted(size, title);
    }
  }

  @Override
  public String name() {
    return "rollout";
  }

  @Override
  public void measure(Lab lab, Samples samples) throws Exception {
    List<Integer> sizes = lab.effort().choose(SIZES, QUICK_SIZES);
    Crew.runAll(CONTENDERS, contender -> start(contender, Collections.max(sizes), lab));
    for (int round = 0; round < lab.effort().choose(ROUNDS, 1); round++) {
      for (int size : sizes) {
        for (List<Contender> turn : Turns.of(CONTENDERS, round)) {
          Crew.runAll(some(turn, round), contender -> rollOut(contender, size, lab, samples));
        }
        for (Contender stock : STOCK) {
          rollOutInTurn(stock, size, lab, samples);
        }
      }
    }
  }

  private static List<Contender> some(List<Contender> turn, int round) {
    return turn.stream()
        .filter(contender -> round < ROUNDS_OF_SLEEPERS || !contender.sleepsMostly())
        .toList();
  }

  private static void start(Contender contender, int size, Lab lab) {
    Database warmUp = lab.newDatabase();
    lab.jvm(contender).carryOut(new StartReplicas(size, warmUp.url(0, Map.of())));
    lab.drop(warmUp);
    lab.progress("%s: %d replicas are warm".formatted(contender.title(), size));
  }

  /** Each in a database of its own. */
  private static void rollOut(Contender contender, int size, Lab lab, Samples samples)
      throws InterruptedException, ExecutionException {
    for (Start start : Start.values()) {
      Database database = database(start, contender, lab);
      Rollout rollout = rollout(start, contender, size, database, false);
      measure(start.scenario(size), contender, rollout, database, lab, samples);
    }
  }

  /** What the work alone takes, done by one after the other, so that nobody waits for a lock. */
  private static void rollOutInTurn(Contender contender, int size, Lab lab, Samples samples) {
    for (Start start : Start.values()) {
      Database database = database(start, contender, lab);
      Rollout rollout = rollout(start, contender, size, database, true);
      Duration time = last(lab.jvm(contender).carryOut(rollout).ends());
      samples.add(start.scenario(size), contender, Quantity.TIME_IN_TURN, time);
      lab.progress(
          "%s: %s, one after the other: %s ms"
              .formatted(
                  start.scenario(size), contender.title(), Figures.of(Milliseconds.of(time))));
      lab.drop(database);
    }
  }

  private static Database database(Start start, Contender contender, Lab lab) {
    Database database = lab.newDatabase();
    if (start.migrated) {
      lab.jvm(contender).carryOut(rollout(start, contender, 1, database, true));
    }
    return database;
  }

  private static Rollout rollout(
      Start start, Contender contender, int size, Database database, boolean inTurn) {
    List<String> urls =
        IntStream.rangeClosed(1, size)
            .mapToObj(replica -> database.url(replica, Map.of()))
            .toList();
    return new Rollout(urls, List.of(start.work.of(contender.tool())), inTurn);
  }

  private static Duration last(List<Rollout.End> ends) {
    return ends.stream().map(Rollout.End::time).max(Comparator.naturalOrder()).orElse(PATIENCE);
  }

  private static void measure(
      String scenario,
      Contender contender,
      Rollout rollout,
      Database database,
      Lab lab,
      Samples samples)
      throws InterruptedException, ExecutionException {
    CompletableFuture<Rollout.Outcome> outcome = lab.jvm(contender).send(rollout);
    try {
      outcome.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      lab.drop(database);
    } catch (TimeoutException e) {
      lab.drop(database); // which ends the session of whoever still waits
      lab.progress("Those that are left are stopped.");
    }
    record(scenario, contender, outcome.join().ends(), lab, samples);
  }

  private static void record(
      String scenario, Contender contender, List<Rollout.End> all, Lab lab, Samples samples) {
    List<Rollout.End> ends = all.stream().filter(end -> end.isWithin(PATIENCE)).toList();
    List<Rollout.End> failures = ends.stream().filter(Rollout.End::failed).toList();
    int late = all.size() - ends.size();
    double time = late > 0 ? Double.POSITIVE_INFINITY : Milliseconds.of(last(ends));
    samples.add(scenario, contender, Quantity.TIME, time);
    samples.add(scenario, contender, Quantity.FAILED_REPLICAS, failures.size());
    samples.add(scenario, contender, Quantity.LATE_REPLICAS, late);
    lab.progress(
        "%s: %s: %s ms, %d failed, %d late"
            .formatted(scenario, contender.title(), Figures.of(time), failures.size(), late));
    failures.stream()
        .map(Rollout.End::failure)
        .distinct()
        .forEach(failure -> lab.progress("  " + failure));
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    List<Integer> sizes = effort.choose(SIZES, QUICK_SIZES);
    List<Table> tables = new ArrayList<>();
    for (int size : sizes) {
      for (Start start : Start.values()) {
        tables.add(table(start.scenario(size), size, samples));
      }
    }
    return new Chapter(
        "Rollout",
        ("All replicas start at the same moment, with the tool's defaults. Four migrations, and in"
                + " every run GRANT, CREATE OR REPLACE FUNCTION and REFRESH MATERIALIZED VIEW"
                + " (afterMigrate.sql, or runAlways); the smallest work is one CREATE TABLE. From"
                + " the first start to the last end; to stock is to the same tool as it is. Late is"
                + " a replica that was not through within %d s, and was stopped then; a ratio to such a time is"
                + " a bound. The replicas are threads"
                + " of one JVM, isolated by class loaders. One after the other: the same replicas"
                + " of the tool as it is, each started when the one before has ended, so that"
                + " nobody waits or fails: the work itself.")
            .formatted(PATIENCE.toSeconds()),
        tables,
        chart(samples, sizes));
  }

  private static Table table(String scenario, int size, Samples samples) {
    Table table =
        new Table(scenario, "n", "median ms", "max ms", "median to stock", "failed", "late");
    for (Contender contender : CONTENDERS) {
      addRow(
          table,
          contender.title(),
          samples.of(scenario, contender, Quantity.TIME),
          samples.of(scenario, stockOf(contender), Quantity.TIME),
          ofAll(samples.of(scenario, contender, Quantity.FAILED_REPLICAS), size),
          ofAll(samples.of(scenario, contender, Quantity.LATE_REPLICAS), size));
    }
    for (Contender stock : STOCK) {
      addRow(
          table,
          stock.title() + ", one after the other",
          samples.of(scenario, stock, Quantity.TIME_IN_TURN),
          samples.of(scenario, stock, Quantity.TIME),
          Figures.NONE,
          Figures.NONE);
    }
    return table;
  }

  private static Contender stockOf(Contender contender) {
    return contender.tool() == Tool.FLYWAY ? Contender.FLYWAY : Contender.LIQUIBASE;
  }

  private static void addRow(
      Table table,
      String title,
      Distribution times,
      Distribution ofStock,
      String failed,
      String late) {
    table.add(
        title,
        Figures.count(times.size()),
        Figures.upTo(Milliseconds.of(PATIENCE), times.median()),
        Figures.upTo(Milliseconds.of(PATIENCE), times.max()),
        Figures.ratio(times.median(), ofStock.median(), Milliseconds.of(PATIENCE)),
        failed,
        late);
  }

  private static String ofAll(Distribution replicas, int size) {
    return "%s of %d".formatted(Figures.count(replicas.sum()), replicas.size() * size);
  }

  /** A bar for those that were late, too. */
  private static double shown(Distribution times) {
    return Math.min(times.median(), Milliseconds.of(PATIENCE));
  }

  private static Chart chart(Samples samples, List<Integer> sizes) {
    List<String> scenarios =
        sizes.stream()
            .flatMap(size -> Arrays.stream(Start.values()).map(start -> start.scenario(size)))
            .toList();
    return Chart.bars(
        "Rollout",
        "median, ms, at most %,d".formatted(PATIENCE.toMillis()),
        scenarios,
        CONTENDERS.stream()
            .map(
                contender ->
                    new Chart.Series(
                        contender.title(),
                        scenarios.stream()
                            .map(scenario -> shown(samples.of(scenario, contender, Quantity.TIME)))
                            .toList()))
            .toList());
  }
}
