package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Pause;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/**
 * What those that wait cost the server.
 *
 * @param url the database
 * @param waiters how many wait
 * @param settle how long before it counts: the first tries come fast
 * @param time for how long it counts
 */
record WaitingLoad(String url, int waiters, Duration settle, Duration time)
    implements Order<WaitingLoad.Load> {

  @Override
  public Load carryOut(Stage stage) throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    List<Callable<List<Load>>> parts = new ArrayList<>();
    parts.add(() -> holdAndMeasure(stage.contender(), held));
    for (int waiter = 0; waiter < waiters; waiter++) {
      parts.add(() -> await(stage.contender(), held));
    }
    return Crew.doAll(parts).get(0).get(0);
  }

  private List<Load> holdAndMeasure(Contender contender, CountDownLatch held) throws Exception {
    List<Load> load = new ArrayList<>();
    try (Runner holder = contender.runner(url);
        Sessions sessions = Sessions.of(url)) {
      holder.hold(
          () -> {
            Set<Long> holders = sessions.pids();
            held.countDown();
            sessions.awaitAtLeast(holders.size() + waiters);
            Pause.of(settle);
            Set<Long> backends = sessions.pids();
            backends.removeAll(holders);
            load.add(measure(backends));
          });
    } finally {
      held.countDown(); // even if it failed, or the others would wait for ever
    }
    return load;
  }

  private Load measure(Set<Long> backends) throws Exception {
    CountingSocketFactory.TRAFFIC.reset();
    BackendCpu before = BackendCpu.of(backends);
    Pause.of(time);
    double cpu = BackendCpu.of(backends).microsecondsSince(before);
    double waiterSeconds = waiters * (time.toMillis() / 1000.0);
    return new Load(
        CountingSocketFactory.TRAFFIC.roundTrips() / waiterSeconds, cpu / waiterSeconds);
  }

  private List<Load> await(Contender contender, CountDownLatch held) throws Exception {
    held.await(); // so that the holder can tell the sessions of the waiters from its own
    try (Runner waiter = contender.runner(CountingSocketFactory.counted(url))) {
      waiter.hold(() -> {});
    }
    return List.of();
  }

  /**
   * What was measured, per waiter and second.
   *
   * @param roundTrips how often the server was asked
   * @param cpuMicroseconds what its process for the waiter used; NaN where that cannot be seen
   */
  record Load(double roundTrips, double cpuMicroseconds) implements Serializable {}
}
