package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The replicas of one service, in one JVM: fifty JVMs on a few cores would measure how JVMs start.
 * Each has a class loader of its own and so everything that is static for itself, as it would in
 * its own JVM: Liquibase's end of one run resets the lock services of all others in its reach.
 */
final class Replicas {

  private final List<BiConsumer<String, String[]>> started = new ArrayList<>();

  /** The first of those that are warm. */
  List<BiConsumer<String, String[]>> started(int count) {
    return List.copyOf(started.subList(0, count));
  }

  /**
   * Starts what is missing.
   *
   * @param warmUpUrl a database in which they warm up, one after the other
   */
  void start(Tool tool, int count, String warmUpUrl)
      throws ReflectiveOperationException, MalformedURLException {
    while (started.size() < count) {
      BiConsumer<String, String[]> replica = isolated(tool);
      replica.accept(warmUpUrl, new String[] {tool.warmUpMigrations()});
      started.add(replica);
    }
  }

  @SuppressWarnings("unchecked") // it is a Replica, but not ours
  private static BiConsumer<String, String[]> isolated(Tool tool)
      throws ReflectiveOperationException, MalformedURLException {
    List<URL> classPath = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      classPath.add(Path.of(entry).toUri().toURL());
    }
    ClassLoader loader =
        new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    BiConsumer<String, String[]> replica =
        within(
            loader,
            () ->
                (BiConsumer<String, String[]>)
                    loader
                        .loadClass(Replica.class.getName())
                        .getConstructor(String.class)
                        .newInstance(tool.name()));
    return (url, migrations) ->
        within(
            loader,
            () -> {
              replica.accept(url, migrations);
              return true;
            });
  }

  private static <T, E extends Exception> T within(ClassLoader loader, Part<T, E> part) throws E {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return part.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private interface Part<T, E extends Exception> {
    T run() throws E;
  }
}
