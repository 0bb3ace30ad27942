package io.github.advisorylock.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** What each further replica costs. */
final class GrowthBenchmark implements Benchmark {

  private static final List<Contender> CONTENDERS =
      List.of(
          Contender.LIMIT,
          Contender.ADVISORY_LOCK,
          Contender.ADVISORY_LOCK_WITHOUT_WAKE_UP,
          Contender.NOTIFY_ALL);

  private static final List<Integer> SIZES = List.of(1, 10, 50, 100, 200);
  private static final List<Integer> QUICK_SIZES = List.of(1, 10);
  private static final int ROUNDS = 2;

  @Override
  public String name() {
    return "growth";
  }

  @Override
  public void measure(Lab lab, Samples samples) {
    Queues queues = new Queues(lab, samples, CONTENDERS, 1);
    queues.warmUp();
    for (int round = 0; round < lab.effort().choose(ROUNDS, 1); round++) {
      for (int size : lab.effort().choose(SIZES, QUICK_SIZES)) {
        for (List<Contender> turn : Turns.of(CONTENDERS, round)) {
          queues.measure(scenario(size), turn, 1, size, round);
        }
      }
    }
  }

  private static String scenario(int size) {
    return "growth, " + size + (size == 1 ? " waiter" : " waiters");
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    List<Integer> sizes = effort.choose(SIZES, QUICK_SIZES);
    Table table =
        new Table(
            "waiters",
            "limit",
            "wake-up",
            "to limit",
            "no wake-up",
            "to limit",
            "notify all",
            "to limit");
    for (int size : sizes) {
      List<String> row = new ArrayList<>(List.of(Integer.toString(size)));
      double limit = perWaiter(samples, size, Contender.LIMIT);
      row.add(Figures.of(limit));
      for (Contender contender : CONTENDERS.subList(1, CONTENDERS.size())) {
        double time = perWaiter(samples, size, contender);
        row.add(Figures.of(time));
        row.add(Figures.ratio(time, limit));
      }
      table.add(row);
    }
    return new Chapter(
        "Many waiters",
        "From the release until the last waiter has had the lock, each of them letting go at once:"
            + " median, in milliseconds per waiter. Notify all is the least that LISTEN and NOTIFY"
            + " can do: each release wakes up everybody.",
        List.of(table),
        chart(samples, sizes));
  }

  private static double perWaiter(Samples samples, int size, Contender contender) {
    return samples.of(scenario(size), contender, Quantity.TIME).median() / size;
  }

  private static Chart chart(Samples samples, List<Integer> sizes) {
    return Chart.lines(
        "Hand-off as replicas grow",
        "ms per waiter",
        "waiters",
        sizes,
        CONTENDERS.stream()
            .map(
                contender ->
                    new Chart.Series(
                        contender.title(),
                        sizes.stream().map(size -> perWaiter(samples, size, contender)).toList()))
            .toList());
  }
}
