/**
 * The benchmarks: {@code mvn -q -Pbenchmarks verify} measures the lock side by side with both tools
 * as they are, with a peer, and with the limit of what is possible. {@link
 * io.github.advisorylock.benchmarks.Benchmarks} is where to start reading.
 *
 * <p>One JVM leads: it runs the server, gives each contender's JVM its orders, and writes the
 * report. Each contender has a JVM of its own, with nothing but its own jars on the class path,
 * that carries out {@link io.github.advisorylock.benchmarks.Order orders} and measures.
 */
@NullMarked
package io.github.advisorylock.benchmarks;

import org.jspecify.annotations.NullMarked;
