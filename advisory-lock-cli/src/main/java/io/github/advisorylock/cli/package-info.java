/**
 * The command: looks at a lock, waits until it is free, or ends its holder.
 *
 * <p>{@link io.github.advisorylock.cli.Main} is the program. Everything here turns options into
 * calls of {@code common-lock}, and what those return into text; nothing accepts or returns null
 * unless it says so.
 */
@NullMarked
package io.github.advisorylock.cli;

import org.jspecify.annotations.NullMarked;
