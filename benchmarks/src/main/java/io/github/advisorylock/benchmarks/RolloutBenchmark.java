package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import io.github.advisorylock.demo.Tool;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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

  private static final List<Integer> SIZES = List.of(10, 50);
  private static final List<Integer> QUICK_SIZES = List.of(3);
  private static final int ROUNDS = 3;
  private static final String FRESH = "fresh database";
  private static final String MIGRATED = "migrated database";

  @Override
  public String name() {
    return "rollout";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    Map<Contender, String> warmUps = new EnumMap<>(Contender.class);
    for (Contender contender : CONTENDERS) {
      warmUps.put(contender, lab.newDatabase().url(0, Map.of()));
    }
    for (int round = 0; round < lab.effort().choose(ROUNDS, 1); round++) {
      for (int size : lab.effort().choose(SIZES, QUICK_SIZES)) {
        for (Contender contender : Turns.of(CONTENDERS, round)) {
          Database database = lab.newDatabase();
          Rollout rollout =
              new Rollout(
                  IntStream.rangeClosed(1, size)
                      .mapToObj(replica -> database.url(replica, Map.of()))
                      .toList(),
                  List.of(Shop.of(contender.tool())),
                  warmUps.getOrDefault(contender, ""));
          for (String state : List.of(FRESH, MIGRATED)) {
            measure(scenario(size, state), contender, rollout, lab, samples);
          }
          lab.drop(database);
        }
      }
    }
  }

  private static void measure(
      String scenario, Contender contender, Rollout rollout, Lab lab, Samples samples) {
    Rollout.Outcome outcome = lab.jvm(contender).carryOut(rollout);
    int failed = outcome.failures().size();
    samples.add(scenario, contender, Quantity.TIME, outcome.total());
    samples.add(scenario, contender, Quantity.FAILED_REPLICAS, failed);
    lab.progress(
        "%s: %s: %s ms, %d failed"
            .formatted(
                scenario,
                contender.title(),
                Figures.count(Milliseconds.of(outcome.total())),
                failed));
    outcome.failures().stream().distinct().forEach(failure -> lab.progress("  " + failure));
  }

  private static String scenario(int size, String state) {
    return "%d replicas, %s".formatted(size, state);
  }

  @Override
  public Chapter chapter(Samples samples) {
    List<Table> tables = new ArrayList<>();
    for (int size : SIZES) {
      for (String state : List.of(FRESH, MIGRATED)) {
        tables.add(table(scenario(size, state), size, samples));
      }
    }
    return new Chapter(
        "Rollout",
        "All replicas start at the same moment, with the tool's defaults. Four migrations, and in"
            + " every run GRANT, CREATE OR REPLACE FUNCTION and REFRESH MATERIALIZED VIEW"
            + " (afterMigrate.sql, or runAlways). From the first start to the last end; to stock is"
            + " to the same tool as it is. The replicas are threads of one JVM, isolated by class"
            + " loaders.",
        tables,
        chart(samples));
  }

  private static Table table(String scenario, int size, Samples samples) {
    Table table = new Table(scenario, "n", "median ms", "max ms", "median to stock", "failed");
    for (Contender contender : CONTENDERS) {
      Distribution times = samples.of(scenario, contender, Quantity.TIME);
      Contender stock = contender.tool() == Tool.FLYWAY ? Contender.FLYWAY : Contender.LIQUIBASE;
      table.add(
          contender.title(),
          Figures.count(times.size()),
          Figures.count(times.median()),
          Figures.count(times.max()),
          Figures.ratio(times.median(), samples.of(scenario, stock, Quantity.TIME).median()),
          "%s of %d"
              .formatted(
                  Figures.count(samples.of(scenario, contender, Quantity.FAILED_REPLICAS).sum()),
                  times.size() * size));
    }
    return table;
  }

  private static Chart chart(Samples samples) {
    List<String> scenarios =
        SIZES.stream()
            .flatMap(size -> List.of(scenario(size, FRESH), scenario(size, MIGRATED)).stream())
            .toList();
    return Chart.bars(
        "Rollout",
        "median, ms",
        scenarios,
        CONTENDERS.stream()
            .map(
                contender ->
                    new Chart.Series(
                        contender.title(),
                        scenarios.stream()
                            .map(s -> samples.of(s, contender, Quantity.TIME).median())
                            .toList()))
            .toList());
  }
}
