package io.github.advisorylock.benchmarks;

import java.util.List;
import java.util.function.Predicate;

/** How long a lock that is free is held by nobody although somebody waits for it. */
final class HandOffBenchmark implements Benchmark {

  private static final List<Contender> CONTENDERS =
      List.of(
          Contender.LIMIT,
          Contender.ADVISORY_LOCK,
          Contender.ADVISORY_LOCK_WITHOUT_WAKE_UP,
          Contender.NOTIFY_ALL,
          Contender.FLYWAY,
          Contender.LIQUIBASE,
          Contender.SESSIONLOCK,
          Contender.LIQUIBASE_WITH_LOCK);

  private static final String PAIR = "1 waiter";
  private static final int CROWD = 50;
  private static final int QUICK_CROWD = 5;
  private static final int PAIRS_AT_ONCE = 20;
  private static final int QUICK_PAIRS_AT_ONCE = 5;
  private static final int PAIR_ROUNDS = 5;
  private static final int CROWD_ROUNDS = 3;

  /** For those that sleep so much that more rounds would take longer than all the rest. */
  private static final int PAIR_ROUNDS_OF_SLEEPERS = 1;

  private static final int CROWD_ROUNDS_OF_SLEEPERS = 1;
  private static final double MOSTLY = 0.99;

  @Override
  public String name() {
    return "handoff";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    int crowd = lab.effort().choose(CROWD, QUICK_CROWD);
    int pairs = lab.effort().choose(PAIRS_AT_ONCE, QUICK_PAIRS_AT_ONCE);
    Queues queues = new Queues(lab, samples, CONTENDERS, pairs);
    queues.warmUp();
    for (int round = 0; round < lab.effort().choose(PAIR_ROUNDS, 1); round++) {
      for (List<Contender> turn : Turns.of(CONTENDERS, round)) {
        int current = round;
        queues.measure(PAIR, some(turn, one -> current < pairRounds(one)), pairs, 1, round);
        queues.measure(
            scenario(crowd), some(turn, one -> current < crowdRounds(one)), 1, crowd, round);
      }
    }
  }

  private static String scenario(int waiters) {
    return waiters + " waiters";
  }

  private static int pairRounds(Contender contender) {
    return contender.sleepsMostly() ? PAIR_ROUNDS_OF_SLEEPERS : PAIR_ROUNDS;
  }

  private static int crowdRounds(Contender contender) {
    return contender.sleepsMostly() ? CROWD_ROUNDS_OF_SLEEPERS : CROWD_ROUNDS;
  }

  private static List<Contender> some(List<Contender> turn, Predicate<Contender> who) {
    return turn.stream().filter(who).toList();
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    Table pair = new Table(PAIR, "n", "p50 ms", "p99 ms", "p50 to limit", "p99 to limit");
    String many = scenario(effort.choose(CROWD, QUICK_CROWD));
    Table crowd = new Table(many, "n", "median ms", "max ms", "median to limit");
    Distribution pairLimit = samples.of(PAIR, Contender.LIMIT, Quantity.TIME);
    Distribution crowdLimit = samples.of(many, Contender.LIMIT, Quantity.TIME);
    for (Contender contender : CONTENDERS) {
      Distribution one = samples.of(PAIR, contender, Quantity.TIME);
      pair.add(
          contender.title(),
          Figures.count(one.size()),
          Figures.of(one.median()),
          Figures.of(one.quantile(MOSTLY)),
          Figures.ratio(one.median(), pairLimit.median()),
          Figures.ratio(one.quantile(MOSTLY), pairLimit.quantile(MOSTLY)));
      Distribution all = samples.of(many, contender, Quantity.TIME);
      crowd.add(
          contender.title(),
          Figures.count(all.size()),
          Figures.of(all.median()),
          Figures.of(all.max()),
          Figures.ratio(all.median(), crowdLimit.median()));
    }
    return new Chapter(
        "Hand-off",
        "From the moment the holder lets go until the waiter has the lock, and until the last of many"
            + " waiters has had it, each of them letting go at once. The holder lets go at a moment"
            + " that is random within the poll interval of the contender (at least 1 s). Flyway and Liquibase: the"
            + " lock alone, through their own code, with their defaults.",
        List.of(pair, crowd),
        chart(samples, many));
  }

  private static Chart chart(Samples samples, String many) {
    return Chart.bars(
        "Hand-off",
        "median, ms",
        List.of(PAIR, many),
        CONTENDERS.stream()
            .map(
                contender ->
                    new Chart.Series(
                        contender.title(),
                        List.of(
                            samples.of(PAIR, contender, Quantity.TIME).median(),
                            samples.of(many, contender, Quantity.TIME).median())))
            .toList());
  }
}
