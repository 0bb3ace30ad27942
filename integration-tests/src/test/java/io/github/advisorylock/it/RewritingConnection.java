package io.github.advisorylock.it;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.function.UnaryOperator;

/** A connection that reads some statements in its own way, as a look-alike or a bad pool would. */
final class RewritingConnection {
  private final Connection connection;
  private final UnaryOperator<String> rewriting;
  private final boolean unwraps;

  private RewritingConnection(
      Connection connection, UnaryOperator<String> rewriting, boolean unwraps) {
    this.connection = connection;
    this.rewriting = rewriting;
    this.unwraps = unwraps;
  }

  /** Puts {@code replacement} for {@code expression}. */
  static Connection of(Connection connection, String expression, String replacement) {
    return of(connection, sql -> sql.replace(expression, replacement));
  }

  /** Rewrites each statement; what the rewriting throws goes to the caller. */
  static Connection of(Connection connection, UnaryOperator<String> rewriting) {
    return proxy(new RewritingConnection(connection, rewriting, true));
  }

  /** Changes nothing, but does not let anybody see the driver's connection. */
  static Connection opaque(Connection connection) {
    return proxy(new RewritingConnection(connection, UnaryOperator.identity(), false));
  }

  private static Connection proxy(RewritingConnection handler) {
    return (Connection)
        Proxy.newProxyInstance(
            RewritingConnection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            handler::invoke);
  }

  private DatabaseMetaData ownMetaData(Connection proxy) throws SQLException {
    DatabaseMetaData metaData = connection.getMetaData();
    return (DatabaseMetaData)
        Proxy.newProxyInstance(
            RewritingConnection.class.getClassLoader(),
            new Class<?>[] {DatabaseMetaData.class},
            (ignored, method, arguments) ->
                method.getName().equals("getConnection")
                    ? proxy
                    : method.invoke(metaData, arguments));
  }

  private Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "prepareStatement" -> arguments[0] = rewriting.apply((String) arguments[0]);
      case "unwrap" -> {
        if (!unwraps) {
          throw new SQLException("not a wrapper for " + arguments[0]);
        }
      }
      case "getMetaData" -> {
        if (!unwraps) {
          return ownMetaData((Connection) proxy);
        }
      }
      default -> {}
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
