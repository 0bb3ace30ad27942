package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;
import java.io.Serializable;
import java.time.Duration;

/**
 * A run of the tool that nobody disturbs.
 *
 * @param url the database
 * @param migrations where they are on the class path
 */
record SingleRun(String url, String migrations) implements Order<SingleRun.Cost> {

  @Override
  public Cost carryOut(Stage stage) throws Exception {
    Tool.Migrator migrator = stage.contender().tool().migrator();
    CountingSocketFactory.TRAFFIC.reset();
    long start = System.nanoTime();
    migrator.migrate(url, migrations);
    return new Cost(
        Duration.ofNanos(System.nanoTime() - start),
        CountingSocketFactory.TRAFFIC.roundTrips(),
        CountingSocketFactory.TRAFFIC.connections(),
        CountingSocketFactory.TRAFFIC.mostConnections());
  }

  /**
   * What was measured. The counts are zero unless the URL says {@link CountingSocketFactory}.
   *
   * @param time for all of it
   * @param roundTrips how often the server was asked
   * @param connections that were opened
   * @param mostConnections that were open at the same time
   */
  record Cost(Duration time, long roundTrips, long connections, long mostConnections)
      implements Serializable {}
}
