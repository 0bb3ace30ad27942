package io.github.advisorylock.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Who comes when. */
final class Turns {

  private Turns() {}

  /**
   * All of them, with another one first in each round, so that nobody always follows the same one.
   *
   * @return who comes at the same time: those that sleep nearly all the time, which would otherwise
   *     take most of it; everybody else is alone
   */
  static List<List<Contender>> of(List<Contender> all, int round) {
    List<List<Contender>> turns = new ArrayList<>();
    all.stream().filter(one -> !one.sleepsMostly()).map(List::of).forEach(turns::add);
    turns.add(all.stream().filter(Contender::sleepsMostly).toList());
    return rotated(turns, round);
  }

  /** The same with everybody alone. */
  static <T> List<T> rotated(List<T> all, int round) {
    List<T> turns = new ArrayList<>(all);
    Collections.rotate(turns, -round);
    return turns;
  }
}
