package io.github.advisorylock;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The few methods of a connection that need no server, and a list of those that change it. */
final class FakeConnection {

  private final List<String> changes = new ArrayList<>();
  private final Connection connection = Fakes.as(Connection.class, this);
  private String product = "PostgreSQL";
  private boolean autoCommit = true;
  private boolean readOnly;
  private SQLException onSetReadOnly;
  private SQLException onSetAutoCommit;

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
    return Fakes.as(DatabaseMetaData.class, this);
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
