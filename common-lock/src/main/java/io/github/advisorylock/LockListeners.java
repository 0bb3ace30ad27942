package io.github.advisorylock;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;

/** The one place where it is decided who hears of the locks that a tool takes. */
public final class LockListeners {

  private static final String MICROMETER = "io.micrometer.core.instrument.Metrics";

  /** To find out costs more than what is done with the answer. */
  private static final boolean IS_MICROMETER_THERE = isMicrometerThere();

  private LockListeners() {}

  /**
   * What everybody gets who runs a tool under the lock: its log lines; meters in Micrometer's
   * global registry, where Micrometer is on the class path; and what is named in {@code
   * META-INF/services/io.github.advisorylock.LockListener}, as the class loader of the lock and the
   * thread's context class loader see it. They are told in that order, and one that fails or cannot
   * be loaded disturbs neither the others nor the lock.
   *
   * <p>To be called anew for each lock: whoever is found gets an object of its own for it.
   *
   * @param tool the tag {@code tool} of the meters, such as {@code flyway}
   * @param lines writes the log
   * @return all of them
   */
  public static LockListener forTool(String tool, LockListener lines) {
    List<LockListener> all = new ArrayList<>();
    all.add(lines);
    if (IS_MICROMETER_THERE) {
      addMeters(tool, all);
    }
    addServices(all);
    return new GuardedListener(all);
  }

  private static boolean isMicrometerThere() {
    try {
      Class.forName(MICROMETER, false, LockListeners.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static void addMeters(String tool, List<LockListener> all) {
    try {
      all.add(LockMeters.of(tool));
    } catch (LinkageError | RuntimeException e) { // only some of Micrometer can be seen from here
      System.getLogger(LockListeners.class.getName())
          .log(System.Logger.Level.DEBUG, "No meters: Micrometer cannot be used", e);
    }
  }

  private static void addServices(List<LockListener> all) {
    Set<Class<?>> added = new HashSet<>();
    for (ClassLoader loader : classLoaders()) {
      Iterator<LockListener> services = ServiceLoader.load(LockListener.class, loader).iterator();
      while (hasNext(services)) {
        addNext(services, added, all);
      }
    }
  }

  private static boolean hasNext(Iterator<LockListener> services) {
    try {
      return services.hasNext();
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      warn(e);
      return false;
    }
  }

  private static void addNext(
      Iterator<LockListener> services, Set<Class<?>> added, List<LockListener> all) {
    try {
      LockListener service = services.next();
      if (added.add(service.getClass())) {
        all.add(service);
      }
    } catch (Throwable e) { // an Error of its constructor comes as it is
      warn(e);
    }
  }

  private static void warn(Throwable e) {
    System.getLogger(LockListener.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "A lock listener cannot be loaded; the lock goes on without it",
            e);
  }

  /** A class loader that asks the other one, too, is enough. */
  private static List<ClassLoader> classLoaders() {
    ClassLoader ours = LockListener.class.getClassLoader();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    if (context == null || isAbove(context, ours) || !hasOurInterface(context)) {
      return List.of(ours);
    }
    return isAbove(ours, context) ? List.of(context) : List.of(ours, context);
  }

  private static boolean isAbove(ClassLoader upper, ClassLoader lower) {
    for (ClassLoader loader = lower; loader != null; loader = loader.getParent()) {
      if (loader == upper) {
        return true;
      }
    }
    return false;
  }

  /** Else there is another copy of this library, and what it would find is none of ours. */
  private static boolean hasOurInterface(ClassLoader loader) {
    try {
      return Class.forName(LockListener.class.getName(), false, loader) == LockListener.class;
    } catch (ClassNotFoundException | LinkageError | RuntimeException e) { // or it is closed
      return false;
    }
  }
}
