package io.github.advisorylock.benchmarks;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.function.BiConsumer;

/**
 * Replicas that {@linkplain StartReplicas are there} begin to migrate.
 *
 * @param urls the database, as each replica calls it
 * @param migrations where they are on the class path
 * @param inTurn whether each begins only when the one before has ended, instead of all at once
 */
record Rollout(List<String> urls, List<String> migrations, boolean inTurn)
    implements Order<Rollout.Outcome> {

  @Override
  public Outcome carryOut(Stage stage) throws Exception {
    int atATime = inTurn ? 1 : urls.size();
    CyclicBarrier start = new CyclicBarrier(atATime);
    List<BiConsumer<String, String[]>> replicas = stage.replicas().started(urls.size());
    List<Callable<Run>> runs = new ArrayList<>();
    for (int i = 0; i < urls.size(); i++) {
      BiConsumer<String, String[]> replica = replicas.get(i);
      String url = urls.get(i);
      runs.add(
          () -> {
            start.await();
            return run(replica, url);
          });
    }
    List<Run> all = Crew.doAll(runs, atATime);
    long first = all.stream().mapToLong(Run::start).min().orElseThrow();
    return new Outcome(
        all.stream()
            .map(run -> new End(Duration.ofNanos(run.end() - first), run.failure()))
            .toList());
  }

  private Run run(BiConsumer<String, String[]> replica, String url) {
    long start = System.nanoTime();
    try {
      replica.accept(url, migrations.toArray(String[]::new));
      return new Run(start, System.nanoTime(), "");
    } catch (RuntimeException | Error e) {
      long end = System.nanoTime();
      e.printStackTrace();
      return new Run(start, end, Objects.toString(rootCause(e).getMessage(), e.toString()));
    }
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private record Run(long start, long end, String failure) {}

  /**
   * How one replica came to its end.
   *
   * @param time since the first started
   * @param failure why it failed; empty if it did not
   */
  record End(Duration time, String failure) implements Serializable {

    boolean isWithin(Duration patience) {
      return time.compareTo(patience) <= 0;
    }

    boolean failed() {
      return !failure.isEmpty();
    }
  }

  /**
   * What was measured.
   *
   * @param ends one for each replica
   */
  record Outcome(List<End> ends) implements Serializable {}
}
