package io.github.advisorylock.flyway;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.FlywayExecutor;
import org.jspecify.annotations.Nullable;

/**
 * How to see from another thread that a run of Flyway is over, since Flyway does not always say so.
 *
 * @param thread the run's thread
 * @param root the method in which that thread began, which is how a whole stack is told from one
 *     that the JVM cut off
 * @param depth how many runs of Flyway's that thread was in, this one included: a callback may run
 *     Flyway
 * @param mainConnection Flyway's main connection, which it closes at the end of every run, or gives
 *     back to its pool, which closes the proxy; null if Flyway has not shown it. Only that of a
 *     callback that failed comes after it
 */
record RunEnd(Thread thread, String root, int depth, @Nullable Connection mainConnection) {

  static RunEnd ofThisThread(@Nullable Connection mainConnection) {
    Thread thread = Thread.currentThread();
    return new RunEnd(thread, rootOf(thread.getStackTrace()), depthOfThisThread(), mainConnection);
  }

  /** How many runs of Flyway's the current thread is in, one within another. */
  static int depthOfThisThread() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                (int)
                    frames
                        .filter(frame -> isRun(frame.getClassName(), frame.getMethodName()))
                        .count());
  }

  /** All that a run tells comes from within it; the number of such frames a run is the same. */
  private static boolean isRun(String className, String methodName) {
    return className.equals(FlywayExecutor.class.getName()) && methodName.equals("execute");
  }

  /**
   * Whether the run is over. Safe to ask from any thread.
   *
   * @param others what Flyway may still use, and then closes, when the main connection is closed
   */
  boolean hasCome(Collection<Connection> others) {
    return (mainConnection != null
            && isClosed(mainConnection)
            && others.stream().allMatch(RunEnd::isClosed))
        || hasBeenLeft();
  }

  /**
   * Whether the run is over, asked by its own thread when a run on it wants the lock, which may be
   * this one. A run whose main connection is not known has taken the lock at its last opportunity,
   * so one at the same depth is another; one that is deeper is within this one.
   *
   * @param depthOfNext of the run that wants the lock
   * @param sameFlyway whether it is of the same Flyway object
   */
  boolean hasComeBeforeNextAcquire(int depthOfNext, boolean sameFlyway) {
    return depthOfNext < depth
        || (depthOfNext == depth
            && (!sameFlyway || mainConnection == null || isClosed(mainConnection)));
  }

  boolean isOfThisThread() {
    return thread == Thread.currentThread();
  }

  static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed(); // asks the driver, not the server
    } catch (SQLException e) {
      return true;
    }
  }

  /**
   * Whether the thread has returned from the run. Also sees the end where a data source never
   * closes its one connection; does not take a main connection that broke for the end.
   */
  boolean hasBeenLeft() {
    if (!thread.isAlive()) {
      return true;
    }
    StackTraceElement[] stack = thread.getStackTrace();
    return rootOf(stack).equals(root) && (runsIn(stack) < depth || isOutsideOfFlyway(stack));
  }

  private static long runsIn(StackTraceElement[] stack) {
    return Arrays.stream(stack)
        .filter(frame -> isRun(frame.getClassName(), frame.getMethodName()))
        .count();
  }

  private static boolean isOutsideOfFlyway(StackTraceElement[] stack) {
    String flyway = Flyway.class.getPackageName();
    return Arrays.stream(stack).noneMatch(frame -> frame.getClassName().startsWith(flyway));
  }

  private static String rootOf(StackTraceElement[] stack) {
    if (stack.length == 0) {
      return "";
    }
    StackTraceElement outermost = stack[stack.length - 1];
    return outermost.getClassName() + "." + outermost.getMethodName();
  }
}
