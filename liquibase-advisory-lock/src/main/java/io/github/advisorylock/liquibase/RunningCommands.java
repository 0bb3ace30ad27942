package io.github.advisorylock.liquibase;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import liquibase.Liquibase;
import liquibase.command.CommandScope;
import liquibase.command.core.AbstractUpdateCommandStep;
import liquibase.command.core.DropAllCommandStep;
import liquibase.command.core.ReleaseLocksCommandStep;

/**
 * The Liquibase commands that the current thread is inside of, read from its stack: a change may
 * run another command, whose end must not be taken for that of the outer one. Liquibase's scopes do
 * not tell them apart, since in its older releases a command has none of its own.
 */
final class RunningCommands {

  private static final String COMMAND = CommandScope.class.getName();
  private static final String FACADE = Liquibase.class.getName();
  private static final String DROP_ALL = DropAllCommandStep.class.getName();
  private static final String RELEASE_LOCKS = ReleaseLocksCommandStep.class.getName();
  private static final String UPDATE = AbstractUpdateCommandStep.class.getName();

  /** It is asked from near the top of the stack, and often. */
  private static final int DEEP_ENOUGH = 16;

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

  /**
   * The same where the release of the lock is forced, without the command that does nothing else.
   */
  static int depthAroundForcedRelease() {
    boolean isCommand =
        walk(
            frames ->
                frames
                    .takeWhile(frame -> !frame.getClassName().equals(COMMAND))
                    .anyMatch(frame -> frame.getClassName().equals(RELEASE_LOCKS)));
    return isCommand ? depth() - 1 : depth();
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

  /**
   * Whether an update is about to find out which changesets to run, right after the point where it
   * takes the lock.
   */
  static boolean isUpdateBeyondItsLock() {
    return walk(
        frames -> {
          List<String> methods =
              frames
                  .limit(DEEP_ENOUGH)
                  .filter(frame -> frame.getClassName().equals(UPDATE))
                  .map(StackFrame::getMethodName)
                  .toList();
          return methods.contains("getStatusVisitor") && !methods.contains("isUpToDate");
        });
  }

  private static <T> T walk(Function<Stream<StackFrame>, T> look) {
    return StackWalker.getInstance().walk(look);
  }
}
