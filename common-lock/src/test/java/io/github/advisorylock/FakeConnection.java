package io.github.advisorylock;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayList;
import java.util.List;

/** The few methods of a connection that need no server, and a list of those that change it. */
final class FakeConnection {

  private final List<String> changes = new ArrayList<>();
  private final Connection connection = proxy(Connection.class);
  private String product = "PostgreSQL";
  private boolean autoCommit = true;
  private boolean readOnly;
  private SQLException onSetReadOnly;
  private SQLException onSetAutoCommit;

  private <T> T proxy(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            FakeConnection.class.getClassLoader(), new Class<?>[] {type}, this::invoke));
  }

  private Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    try {
      Class<?>[] types = method.getParameterTypes();
      return FakeConnection.class
          .getDeclaredMethod(method.getName(), types)
          .invoke(this, arguments);
    } catch (NoSuchMethodException e) {
      throw new SQLFeatureNotSupportedException(method.getName(), "0A000", e);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  static FakeConnection autoCommit(boolean on) {
    FakeConnection fake = new FakeConnection();
    fake.autoCommit = on;
    return fake;
  }

  /** A driver other than pgjdbc need not notice {@code setReadOnly} in a transaction. */
  FakeConnection product(String name) {
    product = name;
    return this;
  }

  FakeConnection readOnly() {
    readOnly = true;
    return this;
  }

  FakeConnection inTransaction() {
    return failingToSetReadOnly(
        new SQLException(
            "Cannot change transaction read-only property in the middle of a transaction.",
            "25001"));
  }

  FakeConnection failingToSetReadOnly(SQLException failure) {
    onSetReadOnly = failure;
    return this;
  }

  FakeConnection failingToSetAutoCommit(SQLException failure) {
    onSetAutoCommit = failure;
    return this;
  }

  Connection connection() {
    return connection;
  }

  List<String> changes() {
    return changes;
  }

  DatabaseMetaData getMetaData() {
    return proxy(DatabaseMetaData.class);
  }

  String getDatabaseProductName() {
    return product;
  }

  boolean getAutoCommit() {
    return autoCommit;
  }

  void setAutoCommit(boolean on) throws SQLException {
    changes.add("autoCommit=" + on);
    if (onSetAutoCommit != null) {
      throw onSetAutoCommit;
    }
    autoCommit = on;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  void setReadOnly(boolean on) throws SQLException {
    if (onSetReadOnly != null) {
      throw onSetReadOnly;
    }
    if (on != readOnly) {
      changes.add("readOnly=" + on);
    }
  }

  void close() {
    changes.add("closed");
  }
}
