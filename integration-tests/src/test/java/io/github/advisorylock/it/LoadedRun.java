package io.github.advisorylock.it;

import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * One run of a tool in this JVM, on a thread of its own, with the classes of a chosen class loader:
 * this harness's own classes, too, so that all that both sides know of each other is the text of
 * {@link ReplicaMain}'s protocol.
 */
final class LoadedRun {

  private final FutureTask<String> task;

  private LoadedRun(FutureTask<String> task) {
    this.task = task;
  }

  /**
   * Starts it.
   *
   * @param classes whose copy of the tool runs
   * @param context the thread's context class loader; null for none
   * @param instructions see {@link ReplicaMain}
   */
  static LoadedRun start(
      ClassLoader classes, ClassLoader context, Map<String, String> instructions) {
    LoadedRun run = new LoadedRun(new FutureTask<>(() -> run(classes, instructions)));
    Thread thread = new Thread(run.task, "loaded run");
    thread.setContextClassLoader(context);
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  @SuppressWarnings("unchecked") // both types are the JDK's, and so the same for every class loader
  private static String run(ClassLoader classes, Map<String, String> instructions)
      throws ReflectiveOperationException {
    var constructor = Class.forName(Inside.class.getName(), true, classes).getDeclaredConstructor();
    constructor.setAccessible(true); // it is in another package, at run time
    return ((Function<Map<String, String>, String>) constructor.newInstance()).apply(instructions);
  }

  boolean isDone() {
    return task.isDone();
  }

  Outcome outcome() {
    try {
      return Outcome.parse(task.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("No outcome", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** What runs with the other classes: instructions in, the line of the outcome out. */
  static final class Inside implements Function<Map<String, String>, String> {

    Inside() {}

    @Override
    public String apply(Map<String, String> instructions) {
      return ReplicaMain.run(ReplicaMain.command(instructions)).line();
    }
  }
}
