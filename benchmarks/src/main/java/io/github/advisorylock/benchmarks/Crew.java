package io.github.advisorylock.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many threads that do something at the same time, each its own part. */
final class Crew {

  private Crew() {}

  /** Does the same with all of them at once; see {@link #doAll}. */
  static <T> void runAll(List<T> all, Part<T> part) throws Exception {
    if (!all.isEmpty()) {
      doAll(all.stream().map(part::with).toList());
    }
  }

  /**
   * Does them all at once.
   *
   * @return the results, in order
   * @throws Exception the first failure, when all have ended
   */
  static <T> List<T> doAll(List<? extends Callable<T>> parts) throws Exception {
    return doAll(parts, parts.size());
  }

  /** The same with so many at a time; with one, each begins when the one before has ended. */
  static <T> List<T> doAll(List<? extends Callable<T>> parts, int atATime) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(atATime);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> part : threads.invokeAll(parts)) {
        results.add(part.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception failure ? failure : e;
    } finally {
      threads.shutdownNow();
    }
  }

  /** What to do with one of many. */
  @FunctionalInterface
  interface Part<T> {
    void run(T one) throws Exception;

    private Callable<Boolean> with(T one) {
      return () -> {
        run(one);
        return true;
      };
    }
  }
}
