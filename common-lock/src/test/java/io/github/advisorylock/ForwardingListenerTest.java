package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ForwardingListenerTest {

  static List<Method> events() {
    return List.of(LockListener.class.getMethods());
  }

  @ParameterizedTest
  @MethodSource("events")
  void shouldTellOfEachEvent(Method event) throws ReflectiveOperationException {
    List<Method> told = new ArrayList<>();
    LockListener listener =
        (LockListener)
            Proxy.newProxyInstance(
                LockListener.class.getClassLoader(),
                new Class<?>[] {LockListener.class},
                (proxy, method, arguments) -> {
                  told.add(method);
                  return null;
                });

    event.invoke(
        new ForwardingListener() {
          @Override
          protected void forward(Consumer<LockListener> news) {
            news.accept(listener);
          }
        },
        new Object[] {null});

    assertThat(told).containsExactly(event);
  }
}
