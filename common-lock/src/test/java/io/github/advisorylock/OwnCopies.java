package io.github.advisorylock;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** A class loader as of a web application: has the lock's classes itself, and does not see all. */
final class OwnCopies extends ClassLoader {

  private final Predicate<String> hidden;

  /** Does not see the classes with these names. */
  OwnCopies(Predicate<String> hidden) {
    super(OwnCopies.class.getClassLoader());
    this.hidden = hidden;
  }

  /** What {@link LonelyRun} logs with these classes. */
  List<String> runLonely() throws ReflectiveOperationException {
    var constructor = loadClass(LonelyRun.class.getName()).getDeclaredConstructor();
    constructor.setAccessible(true);
    return ((Supplier<?>) constructor.newInstance()).get() instanceof List<?> lines
        ? lines.stream().map(String::valueOf).toList()
        : List.of();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (hidden.test(name)) {
      throw new ClassNotFoundException(name);
    }
    if (!name.startsWith("io.github.advisorylock.")) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      byte[] bytes = file.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
