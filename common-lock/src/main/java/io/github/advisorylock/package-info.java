/**
 * The lock itself: knows JDBC and PostgreSQL, and no migration tool.
 *
 * <p>{@link io.github.advisorylock.AdvisoryLock} waits for a {@link io.github.advisorylock.LockKey}
 * on a {@link io.github.advisorylock.LockSession} as a {@link io.github.advisorylock.RetryPolicy}
 * allows, and hands out a {@link io.github.advisorylock.HeldLock}. Everything is safe for use by
 * one thread unless a class says more, and nothing accepts or returns null unless it says so.
 */
@NullMarked
package io.github.advisorylock;

import org.jspecify.annotations.NullMarked;
