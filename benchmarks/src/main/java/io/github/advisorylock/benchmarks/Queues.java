package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Has contenders hand over the lock, each in databases of its own that stay from round to round.
 */
final class Queues {

  /** Any will do, if it is always the same. */
  private static final long SEED = 42;

  /** After so many, the compiler of a JVM has done most of what it is going to do. */
  private static final int WARM_UP_ROUNDS = 15;

  private static final Duration SETTLE = Duration.ofSeconds(1);
  private static final Duration QUICK_SETTLE = Duration.ofMillis(300);

  /** Even if nobody polls, or all pairs would hand over at the same moment. */
  private static final Duration SHORTEST_SPREAD = Duration.ofSeconds(1);

  private static final Duration QUICK_SPREAD = Duration.ofMillis(300);

  private final Lab lab;
  private final Samples samples;
  private final Map<Contender, List<String>> urls = new EnumMap<>(Contender.class);

  /**
   * Prepares them.
   *
   * @param databases for each contender
   */
  Queues(Lab lab, Samples samples, List<Contender> contenders, int databases) {
    this.lab = lab;
    this.samples = samples;
    for (Contender contender : contenders) {
      urls.put(contender, lab.newDatabases(databases).stream().map(Queues::url).toList());
    }
  }

  private static String url(Database database) {
    return database.url(0, Map.of());
  }

  /** Lets each load and compile what it needs, all at once. */
  void warmUp() {
    for (int round = 0; round < lab.effort().choose(WARM_UP_ROUNDS, 1); round++) {
      boolean isFirst = round == 0;
      urls.entrySet().stream()
          .filter(entry -> isFirst || !entry.getKey().sleepsMostly())
          .map(entry -> lab.jvm(entry.getKey()).send(atOnce(entry.getValue())))
          .toList()
          .forEach(CompletableFuture::join);
    }
  }

  private static HandOff atOnce(List<String> urls) {
    return new HandOff(urls, 1, Duration.ZERO, Duration.ZERO, SEED);
  }

  /**
   * One turn.
   *
   * @param contenders measured at the same time
   * @param databases in how many of the databases at once
   */
  void measure(String scenario, List<Contender> contenders, int databases, int waiters, int round) {
    contenders.stream()
        .map(
            contender ->
                lab.jvm(contender)
                    .send(order(contender, databases, waiters, round))
                    .thenAccept(times -> record(scenario, contender, times.all(), round)))
        .toList()
        .forEach(CompletableFuture::join);
  }

  private void record(String scenario, Contender contender, List<Duration> times, int round) {
    times.forEach(time -> samples.add(scenario, contender, Quantity.TIME, time));
    double longest = times.stream().mapToDouble(Milliseconds::of).max().orElseThrow();
    lab.progress(
        "%s, round %d: %s: %s ms at most"
            .formatted(scenario, round + 1, contender.title(), Figures.of(longest)));
  }

  /** A fair choice of moments covers all of the poll interval. */
  private static Duration spread(Contender contender) {
    Duration pollInterval = contender.pollInterval();
    return pollInterval.compareTo(SHORTEST_SPREAD) > 0 ? pollInterval : SHORTEST_SPREAD;
  }

  private HandOff order(Contender contender, int databases, int waiters, int round) {
    Duration settle = lab.effort().choose(SETTLE, QUICK_SETTLE);
    Duration spread = lab.effort().choose(spread(contender), QUICK_SPREAD);
    List<String> some = urls.getOrDefault(contender, List.of()).stream().limit(databases).toList();
    return new HandOff(some, waiters, settle, spread, SEED + round);
  }
}
