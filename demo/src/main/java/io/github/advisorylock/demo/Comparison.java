package io.github.advisorylock.demo;

import java.time.Duration;

/**
 * A scene, played on both stages.
 *
 * @param scene the scene
 * @param without as it went without the lock
 * @param with as it went with the lock
 */
record Comparison(Scene scene, Take without, Take with) {

  /** What both have to fit into when they are drawn. */
  Duration longest() {
    return without.total().compareTo(with.total()) > 0 ? without.total() : with.total();
  }
}
