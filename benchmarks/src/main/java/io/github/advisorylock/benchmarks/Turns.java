package io.github.advisorylock.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Who comes when. */
final class Turns {

  private Turns() {}

  /** All of them, with another one first in each round: nobody always follows the same one. */
  static <T> List<T> of(List<T> all, int round) {
    List<T> turns = new ArrayList<>(all);
    Collections.rotate(turns, -round);
    return turns;
  }
}
