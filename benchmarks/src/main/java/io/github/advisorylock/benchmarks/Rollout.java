package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.function.BiConsumer;

/**
 * All replicas of a service start at the same moment and migrate.
 *
 * @param urls the database, as each replica calls it
 * @param migrations where they are on the class path
 * @param warmUpUrl a database for replicas that have to start first
 */
record Rollout(List<String> urls, List<String> migrations, String warmUpUrl)
    implements Order<Rollout.Outcome> {

  @Override
  public Outcome carryOut(Stage stage) throws Exception {
    Tool tool = stage.contender().tool();
    CyclicBarrier start = new CyclicBarrier(urls.size());
    List<BiConsumer<String, String[]>> replicas =
        stage.replicas().ready(tool, urls.size(), warmUpUrl);
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
    List<Run> all = Crew.doAll(runs);
    long first = all.stream().mapToLong(Run::start).min().orElseThrow();
    long last = all.stream().mapToLong(Run::end).max().orElseThrow();
    return new Outcome(
        Duration.ofNanos(last - first),
        all.stream().map(Run::failure).filter(failure -> !failure.isEmpty()).toList());
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
   * What was measured.
   *
   * @param total from the first start to the last end
   * @param failures what those said that failed
   */
  record Outcome(Duration total, List<String> failures) implements Serializable {}
}
