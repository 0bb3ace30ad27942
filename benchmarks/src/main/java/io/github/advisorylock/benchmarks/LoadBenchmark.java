package io.github.advisorylock.benchmarks;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What waiting costs the server. All wait at the same time, in databases of their own. */
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

  private static final int WAITERS = 20;

  /** After ten tries, which take 5.5 s, our backoff has come to its longest pause. */
  private static final Duration SETTLE = Duration.ofSeconds(6);

  private static final Duration QUICK_SETTLE = Duration.ofSeconds(1);
  private static final Duration TIME = Duration.ofSeconds(10);
  private static final Duration QUICK_TIME = Duration.ofSeconds(2);
  private static final String SCENARIO = WAITERS + " waiters";

  @Override
  public String name() {
    return "load";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    Map<Contender, CompletableFuture<WaitingLoad.Load>> loads = new EnumMap<>(Contender.class);
    for (Contender contender : CONTENDERS) {
      WaitingLoad order =
          new WaitingLoad(
              lab.newDatabase().url(0, Map.of()),
              WAITERS,
              lab.effort().choose(SETTLE, QUICK_SETTLE),
              lab.effort().choose(TIME, QUICK_TIME));
      loads.put(contender, lab.jvm(contender).send(order));
    }
    loads.forEach(
        (contender, load) -> {
          double roundTrips = load.join().roundTrips();
          double cpu = load.join().cpuMicroseconds();
          samples.add(SCENARIO, contender, Quantity.ROUND_TRIP_RATE, roundTrips);
          samples.add(SCENARIO, contender, Quantity.CPU_RATE, cpu);
          lab.progress(
              "load: %s: %s round trips, %s µs"
                  .formatted(contender.title(), Figures.of(roundTrips), Figures.of(cpu)));
        });
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    Table table =
        new Table("one waiter, in a second", "round trips", "server CPU µs", "CPU to Flyway");
    double flyway = samples.of(SCENARIO, Contender.FLYWAY, Quantity.CPU_RATE).median();
    for (Contender contender : CONTENDERS) {
      double cpu = samples.of(SCENARIO, contender, Quantity.CPU_RATE).median();
      table.add(
          contender.title(),
          Figures.of(samples.of(SCENARIO, contender, Quantity.ROUND_TRIP_RATE).median()),
          Figures.of(cpu),
          Figures.ratio(cpu, flyway));
    }
    return new Chapter(
        "Load of a waiter",
        ("%d of them for %d s; the CPU time is that of their server processes. Who waits inside the"
                + " server asks nothing, and blocks every CREATE INDEX CONCURRENTLY instead.")
            .formatted(WAITERS, TIME.toSeconds()),
        List.of(table),
        null);
  }
}
