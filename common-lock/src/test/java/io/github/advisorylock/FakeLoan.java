package io.github.advisorylock;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;

/** A pool's wrapper around a {@link FakeClient}. */
final class FakeLoan {

  private final FakeClient client;
  private final Connection connection;
  private boolean hiding;
  private boolean givenBack;
  private boolean noticedTheEnd;

  FakeLoan(FakeClient client) {
    this.client = client;
    this.connection =
        (Connection)
            Proxy.newProxyInstance(
                FakeLoan.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> invoke(method, arguments));
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    String name = method.getName();
    if (name.equals("close")) {
      givenBack = true;
      return null;
    }
    if (name.equals("isClosed")) {
      return givenBack;
    }
    if (name.equals("unwrap") ? hiding : givenBack) {
      throw new SQLException("not to be had from this wrapper", "08003");
    }
    try {
      return method.invoke(client.connection(), arguments);
    } catch (InvocationTargetException e) {
      noticedTheEnd |= client.isClosed();
      throw e.getCause();
    }
  }

  /** A pool that lets nobody see what it wraps. */
  FakeLoan hiding() {
    hiding = true;
    return this;
  }

  Connection connection() {
    return connection;
  }

  boolean isGivenBack() {
    return givenBack;
  }

  /** Whether somebody has used the connection after its end, so that the pool lends it no more. */
  boolean hasNoticedTheEnd() {
    return noticedTheEnd;
  }
}
