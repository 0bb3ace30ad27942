package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What the lock costs where nobody else wants it. */
final class UncontendedBenchmark implements Benchmark {

  private static final List<Pair> PAIRS =
      List.of(
          new Pair(Contender.FLYWAY, Contender.FLYWAY_WITH_LOCK),
          new Pair(Contender.LIQUIBASE, Contender.LIQUIBASE_WITH_LOCK),
          new Pair(Contender.LIQUIBASE, Contender.SESSIONLOCK));

  private static final List<Contender> CONTENDERS =
      PAIRS.stream()
          .flatMap(pair -> List.of(pair.stock(), pair.with()).stream())
          .distinct()
          .toList();

  private static final int QUICK_ROUNDS = 1;

  /** They are the same every time, but for what a tool looks up once. */
  private static final int ROUNDS_OF_COUNTING = 3;

  private static final String FRESH = "fresh";
  private static final String UP_TO_DATE = "up to date";

  @Override
  public String name() {
    return "uncontended";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    for (Work work : Work.values()) {
      for (int round = 0; round < lab.effort().choose(work.warmUpRounds(), 1); round++) {
        time(work, round, lab, new Samples(name()));
      }
      for (int round = 0; round < lab.effort().choose(work.rounds(), QUICK_ROUNDS); round++) {
        time(work, round, lab, samples);
        lab.progress("uncontended, %s, round %d".formatted(work.title(), round + 1));
      }
    }
    for (int round = 0; round < lab.effort().choose(ROUNDS_OF_COUNTING, 1); round++) {
      CONTENDERS.forEach(contender -> count(contender, lab, samples));
    }
  }

  private static void time(Work work, int round, Lab lab, Samples samples) {
    for (Contender contender : Turns.rotated(CONTENDERS, round)) {
      // A database for each: Liquibase remembers for the whole JVM which ones are up to date.
      Database database = lab.newDatabase();
      SingleRun run = new SingleRun(database.url(1, Map.of()), work.of(contender.tool()));
      for (String state : List.of(FRESH, UP_TO_DATE)) {
        SingleRun.Cost cost = lab.jvm(contender).carryOut(run);
        samples.add(work.scenario(state), contender, Quantity.TIME, cost.time());
      }
      lab.drop(database);
    }
  }

  /** In a run of its own, since to count takes time. */
  private static void count(Contender contender, Lab lab, Samples samples) {
    Database database = lab.newDatabase();
    String url = CountingSocketFactory.counted(database.url(1, Map.of()));
    SingleRun run = new SingleRun(url, Work.SMALLEST.of(contender.tool()));
    for (String state : List.of(FRESH, UP_TO_DATE)) {
      SingleRun.Cost cost = lab.jvm(contender).carryOut(run);
      String scenario = Work.SMALLEST.scenario(state);
      samples.add(scenario, contender, Quantity.ROUND_TRIPS, cost.roundTrips());
      samples.add(scenario, contender, Quantity.CONNECTIONS, cost.connections());
      samples.add(scenario, contender, Quantity.MOST_CONNECTIONS, cost.mostConnections());
    }
    lab.drop(database);
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    List<Table> tables = new ArrayList<>();
    for (Work work : Work.values()) {
      for (String state : List.of(FRESH, UP_TO_DATE)) {
        tables.add(times(work.scenario(state), samples));
      }
    }
    for (String state : List.of(FRESH, UP_TO_DATE)) {
      tables.add(counts(Work.SMALLEST.scenario(state), samples));
    }
    return new Chapter(
        "Uncontended run",
        "One run that nobody disturbs, without and with the jar, taking turns, in JVMs that are"
            + " warm. To stock is the"
            + " median of the ratios of neighbours, with their quartiles. The smallest work is one"
            + " CREATE TABLE, where the lock is the largest part; the shop is the migrations of the"
            + " rollout.",
        tables,
        null);
  }

  private static Table times(String scenario, Samples samples) {
    Table table = new Table(scenario, "n", "stock ms", "with ms", "to stock", "25 %", "75 %");
    for (Pair pair : PAIRS) {
      double[] stock = samples.of(scenario, pair.stock(), Quantity.TIME).inOrder();
      double[] with = samples.of(scenario, pair.with(), Quantity.TIME).inOrder();
      Distribution ratios =
          new Distribution(
              IntStream.range(0, stock.length).mapToDouble(i -> with[i] / stock[i]).toArray());
      table.add(
          pair.with().title(),
          Figures.count(stock.length),
          Figures.of(new Distribution(stock).median()),
          Figures.of(new Distribution(with).median()),
          Figures.ratio(ratios.median(), 1),
          Figures.ratio(ratios.quantile(Distribution.LOWER_QUARTILE), 1),
          Figures.ratio(ratios.quantile(Distribution.UPPER_QUARTILE), 1));
    }
    return table;
  }

  private static Table counts(String scenario, Samples samples) {
    Table table = new Table(scenario, "round trips", "connections", "most at a time");
    for (Contender contender : CONTENDERS) {
      table.add(
          contender.title(),
          Figures.count(samples.of(scenario, contender, Quantity.ROUND_TRIPS).median()),
          Figures.count(samples.of(scenario, contender, Quantity.CONNECTIONS).median()),
          Figures.count(samples.of(scenario, contender, Quantity.MOST_CONNECTIONS).max()));
    }
    return table;
  }

  private record Pair(Contender stock, Contender with) {}
}
