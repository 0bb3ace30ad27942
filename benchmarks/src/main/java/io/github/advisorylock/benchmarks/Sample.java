package io.github.advisorylock.benchmarks;

/**
 * One figure as it was measured.
 *
 * @param benchmark the name of the benchmark
 * @param scenario what the benchmark did, in words
 * @param contender who was measured
 * @param quantity what was measured
 * @param value in the quantity's unit; infinite if it did not come to its end
 */
record Sample(
    String benchmark, String scenario, Contender contender, Quantity quantity, double value) {}
