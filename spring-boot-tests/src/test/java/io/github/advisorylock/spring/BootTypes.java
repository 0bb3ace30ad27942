package io.github.advisorylock.spring;

import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.ClassUtils;

/** Types of Spring Boot's own that have moved from 3 to 4. */
public final class BootTypes {

  private BootTypes() {}

  /** The type for a tool, such as {@code FlywayAutoConfiguration} for {@code flyway}. */
  public static Class<?> of(String tool, String simpleName) {
    return find(simpleName, "autoconfigure." + tool, tool + ".autoconfigure");
  }

  /**
   * The annotation for a slice of an application in a test, such as {@code DataJpaTest}.
   *
   * @param old the part that it is for, as Spring Boot 3 names it, such as {@code orm.jpa}
   * @param now the same in Spring Boot 4, such as {@code data.jpa}
   */
  static Class<?> slice(String simpleName, String old, String now) {
    return find(simpleName, "test.autoconfigure." + old, now + ".test.autoconfigure");
  }

  /** What binds an application's meters to its registries. */
  static Class<?> metricsAutoConfiguration() {
    return find(
        "MetricsAutoConfiguration",
        "actuate.autoconfigure.metrics",
        "micrometer.metrics.autoconfigure");
  }

  private static Class<?> find(String simpleName, String... places) {
    return Stream.of(places)
        .map(place -> "org.springframework.boot.%s.%s".formatted(place, simpleName))
        .filter(name -> ClassUtils.isPresent(name, null))
        .findFirst()
        .map(name -> ClassUtils.resolveClassName(name, null))
        .orElseThrow();
  }

  /** An application with a bean of an interface with one method that is given one thing. */
  public static <T> ApplicationContextRunner withBean(
      ApplicationContextRunner application, Class<T> type, Consumer<Object> action) {
    return application.withBean(type, () -> doing(type, action));
  }

  private static <T> T doing(Class<T> type, Consumer<Object> action) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> proxy == arguments[0];
                  case "toString" -> type.getSimpleName();
                  default -> {
                    action.accept(arguments[0]);
                    yield null;
                  }
                }));
  }
}
