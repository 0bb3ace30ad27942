package io.github.advisorylock.benchmarks;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What comes back from a contender's JVM.
 *
 * @param result what was measured; null if that failed
 * @param failure why it failed; null if it did not
 */
record Reply(@Nullable Serializable result, @Nullable String failure) implements Serializable {}
