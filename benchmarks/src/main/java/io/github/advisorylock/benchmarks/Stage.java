package io.github.advisorylock.benchmarks;

/**
 * The inside of a contender's JVM: what outlives an order.
 *
 * @param contender whose JVM this is
 * @param replicas what has been started here so far
 */
record Stage(Contender contender, Replicas replicas) {}
