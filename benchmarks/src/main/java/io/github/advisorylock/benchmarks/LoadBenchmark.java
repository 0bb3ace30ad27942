package io.github.advisorylock.benchmarks;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What waiting costs the server. */
final class LoadBenchmark implements Benchmark {

  private static final List<Contender> CONTENDERS =
      List.of(
          Contender.LIMIT,
          Contender.ADVISORY_LOCK,
          Contender.ADVISORY_LOCK_WITHOUT_WAKE_UP,
          Contender.FLYWAY,
          Contender.LIQUIBASE,
          Contender.SESSIONLOCK,
          Contender.LIQUIBASE_WITH_LOCK);

  private static final int SOME = 20;

  /** For whom a crowd is worth a look; one after the other, since the server takes no more. */
  private static final List<Contender> WITH_CROWD =
      List.of(Contender.ADVISORY_LOCK, Contender.FLYWAY);

  private static final int CROWD = 200;
  private static final int QUICK_CROWD = 40;

  /** After ten tries, which take 5.5 s, our backoff has come to its longest pause. */
  private static final Duration SETTLE = Duration.ofSeconds(6);

  private static final Duration QUICK_SETTLE = Duration.ofSeconds(1);

  /** In which each of a crowd looks once for who has the lock, and others three times. */
  private static final Duration TIME = Duration.ofSeconds(30);

  private static final Duration QUICK_TIME = Duration.ofSeconds(2);

  @Override
  public String name() {
    return "load";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    Map<Contender, CompletableFuture<WaitingLoad.Load>> loads = new EnumMap<>(Contender.class);
    CONTENDERS.forEach(contender -> loads.put(contender, send(contender, SOME, lab)));
    loads.forEach((contender, load) -> record(contender, SOME, load.join(), lab, samples));
    int crowd = lab.effort().choose(CROWD, QUICK_CROWD);
    for (Contender contender : WITH_CROWD) {
      record(contender, crowd, send(contender, crowd, lab).join(), lab, samples);
    }
  }

  /** In a database of its own. */
  private static CompletableFuture<WaitingLoad.Load> send(
      Contender contender, int waiters, Lab lab) {
    WaitingLoad order =
        new WaitingLoad(
            lab.newDatabase().url(0, Map.of()),
            waiters,
            lab.effort().choose(SETTLE, QUICK_SETTLE),
            lab.effort().choose(TIME, QUICK_TIME));
    return lab.jvm(contender).send(order);
  }

  private static void record(
      Contender contender, int waiters, WaitingLoad.Load load, Lab lab, Samples samples) {
    String scenario = scenario(waiters);
    samples.add(scenario, contender, Quantity.ROUND_TRIP_RATE, load.roundTrips());
    samples.add(scenario, contender, Quantity.CPU_RATE, load.cpuMicroseconds());
    lab.progress(
        "load, %s: %s: %s round trips, %s µs"
            .formatted(
                scenario,
                contender.title(),
                Figures.of(load.roundTrips()),
                Figures.of(load.cpuMicroseconds())));
  }

  private static String scenario(int waiters) {
    return waiters + " waiters";
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    return new Chapter(
        "Load of a waiter",
        ("Round trips and CPU time of the server process for one waiter in a second, over %d s. Who"
                + " waits inside the server asks nothing, and blocks every CREATE INDEX"
                + " CONCURRENTLY instead.")
            .formatted(TIME.toSeconds()),
        List.of(
            table(SOME, CONTENDERS, samples),
            table(effort.choose(CROWD, QUICK_CROWD), WITH_CROWD, samples)),
        null);
  }

  private static Table table(int waiters, List<Contender> contenders, Samples samples) {
    String scenario = scenario(waiters);
    Table table = new Table(scenario, "round trips", "server CPU µs", "CPU to Flyway");
    double flyway = samples.of(scenario, Contender.FLYWAY, Quantity.CPU_RATE).median();
    for (Contender contender : contenders) {
      double cpu = samples.of(scenario, contender, Quantity.CPU_RATE).median();
      table.add(
          contender.title(),
          Figures.of(samples.of(scenario, contender, Quantity.ROUND_TRIP_RATE).median()),
          Figures.of(cpu),
          Figures.ratio(cpu, flyway));
    }
    return table;
  }
}
