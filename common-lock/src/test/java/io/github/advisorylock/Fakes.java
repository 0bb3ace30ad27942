package io.github.advisorylock;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.SQLFeatureNotSupportedException;
import java.util.stream.Stream;

/** Lets an object that has a few methods of an interface pass for the whole of it. */
final class Fakes {

  private Fakes() {}

  /** What the fake does not have, the interface's user is told that nobody has. */
  static <T> T as(Class<T> type, Object fake, Class<?>... further) {
    Class<?>[] types = Stream.concat(Stream.of(type), Stream.of(further)).toArray(Class<?>[]::new);
    return type.cast(
        Proxy.newProxyInstance(
            Fakes.class.getClassLoader(),
            types,
            (proxy, method, arguments) -> {
              try {
                return fake.getClass()
                    .getDeclaredMethod(method.getName(), method.getParameterTypes())
                    .invoke(fake, arguments);
              } catch (NoSuchMethodException e) {
                throw new SQLFeatureNotSupportedException(method.getName(), "0A000", e);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
