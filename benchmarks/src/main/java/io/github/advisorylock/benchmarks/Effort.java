package io.github.advisorylock.benchmarks;

/** How much is done: enough for figures that mean something, or just to see that all works. */
enum Effort {
  FULL,
  QUICK;

  <T> T choose(T full, T quick) {
    return this == FULL ? full : quick;
  }
}
