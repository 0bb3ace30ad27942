package io.github.advisorylock.benchmarks;

import java.io.Serializable;

/**
 * What a contender's JVM is told to measure. Travels there as a serialized object, and so does what
 * comes back.
 *
 * @param <R> what was measured
 */
interface Order<R extends Serializable> extends Serializable {

  /** Carries it out, in the contender's JVM. */
  R carryOut(Stage stage) throws Exception;
}
