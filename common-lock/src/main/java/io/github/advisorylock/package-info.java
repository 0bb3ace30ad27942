/**
 * The lock itself: knows JDBC and PostgreSQL, and no migration tool.
 *
 * <p>{@link io.github.advisorylock.AdvisoryLock} waits for a {@link io.github.advisorylock.LockKey}
 * on a {@link io.github.advisorylock.LockSession} as a {@link io.github.advisorylock.RetryPolicy}
 * allows, and hands out a {@link io.github.advisorylock.HeldLock}. Everything is safe for use by
 * one thread unless a class says more, and nothing accepts or returns null unless it says so.
 *
 * <p>For programs that lock without a migration tool: those four, {@link
 * io.github.advisorylock.SessionPolicy}, {@link io.github.advisorylock.WorkTimeouts}, {@link
 * io.github.advisorylock.LockListener}, {@link io.github.advisorylock.LockStatus}, {@link
 * io.github.advisorylock.HolderEnd}, what they give and take, and the exceptions. Whatever else is
 * public is so for the adapters of the same version, and may change with each.
 */
@NullMarked
package io.github.advisorylock;

import org.jspecify.annotations.NullMarked;
