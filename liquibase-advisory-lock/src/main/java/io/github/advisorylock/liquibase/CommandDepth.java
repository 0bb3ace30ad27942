package io.github.advisorylock.liquibase;

import liquibase.command.CommandScope;

/**
 * How many Liquibase commands the current thread is inside of: a change may run another command,
 * whose end must not be taken for that of the outer one. Liquibase's scopes do not tell: in its
 * older releases a command has none of its own.
 */
final class CommandDepth {

  private static final String COMMAND = CommandScope.class.getName();

  private CommandDepth() {}

  /** Zero outside of any command. */
  static int current() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                (int)
                    frames
                        .filter(frame -> frame.getMethodName().equals("execute"))
                        .filter(frame -> frame.getClassName().equals(COMMAND))
                        .count());
  }
}
