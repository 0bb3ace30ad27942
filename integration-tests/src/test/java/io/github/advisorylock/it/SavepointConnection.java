package io.github.advisorylock.it;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Savepoint;

/**
 * A connection with which a program runs all of Liquibase in one transaction: a commit sets a
 * savepoint, and a rollback goes back to it.
 */
final class SavepointConnection {
  private final Connection connection;
  private Savepoint last;

  private SavepointConnection(Connection connection, Savepoint last) {
    this.connection = connection;
    this.last = last;
  }

  /** On a connection without autocommit; what it has not committed counts as committed here. */
  static Connection of(Connection connection) throws Exception {
    SavepointConnection handler = new SavepointConnection(connection, connection.setSavepoint());
    return (Connection)
        Proxy.newProxyInstance(
            SavepointConnection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            handler::invoke);
  }

  private Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    int count = arguments == null ? 0 : arguments.length;
    if (method.getName().equals("commit")) {
      last = connection.setSavepoint();
      return null;
    }
    if (method.getName().equals("rollback") && count == 0) {
      connection.rollback(last);
      return null;
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
