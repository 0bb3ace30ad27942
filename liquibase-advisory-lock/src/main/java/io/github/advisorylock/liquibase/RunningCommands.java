package io.github.advisorylock.liquibase;

import java.lang.StackWalker.StackFrame;
import java.util.function.Function;
import java.util.stream.Stream;
import liquibase.Liquibase;
import liquibase.command.CommandScope;
import liquibase.command.core.DropAllCommandStep;

/**
 * The Liquibase commands that the current thread is inside of, read from its stack: a change may
 * run another command, whose end must not be taken for that of the outer one. Liquibase's scopes do
 * not tell them apart, since in its older releases a command has none of its own.
 */
final class RunningCommands {

  private static final String COMMAND = CommandScope.class.getName();
  private static final String FACADE = Liquibase.class.getName();
  private static final String DROP_ALL = DropAllCommandStep.class.getName();

  private RunningCommands() {}

  /** How many there are; zero outside of any. */
  static int depth() {
    return walk(
        frames ->
            (int)
                frames
                    .filter(frame -> frame.getMethodName().equals("execute"))
                    .filter(frame -> frame.getClassName().equals(COMMAND))
                    .count());
  }

  /** Whether one of them reads or writes the history: all but drop-all do. */
  static boolean needHistory() {
    return depth() > 0
        && walk(frames -> frames.noneMatch(frame -> frame.getClassName().equals(DROP_ALL)));
  }

  /** Whether Liquibase's facade clears up after a command that it has run. */
  static boolean hasFacadeEndedOne() {
    return walk(
        frames ->
            frames.anyMatch(
                frame ->
                    frame.getClassName().equals(FACADE)
                        && frame.getMethodName().equals("resetServices")));
  }

  private static <T> T walk(Function<Stream<StackFrame>, T> look) {
    return StackWalker.getInstance().walk(look);
  }
}
