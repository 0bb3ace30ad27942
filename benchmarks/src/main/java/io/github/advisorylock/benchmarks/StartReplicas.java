package io.github.advisorylock.benchmarks;

import java.io.Serializable;

/**
 * Sees to it that there are so many replicas, and that they are warm.
 *
 * @param count how many
 * @param url a database to warm up in
 */
record StartReplicas(int count, String url) implements Order<StartReplicas.Started> {

  @Override
  public Started carryOut(Stage stage) throws Exception {
    stage.replicas().start(stage.contender().tool(), count, url);
    return new Started(count);
  }

  /**
   * Done.
   *
   * @param count how many are there
   */
  record Started(int count) implements Serializable {}
}
