package io.github.advisorylock;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.PGStatement;
import org.postgresql.core.Notification;

/** A connection to a {@link FakeServer}, with pgjdbc's manners. */
final class FakeClient {

  /**
   * For all tests that are not about the lease: its heartbeat is a real thread, which would send
   * statements of its own here as soon as the machine is slow.
   */
  static final SessionPolicy NO_LEASE = new SessionPolicy(Pooling.AUTO, Duration.ZERO, true);

  /** What becomes of the next statement with some words in it. */
  private record Failure(String words, Throwable exception, boolean executed) {}

  private static final int POOLERS_PID = 4711;

  private final boolean pooled;
  private final FakePooler pooler;
  private final List<FakeBackend> backends;
  private final List<Failure> failures = new ArrayList<>();
  private final List<String> statements = new ArrayList<>();
  private final Connection connection = Fakes.as(Connection.class, this, PGConnection.class);
  private FakeBackend backend;
  private int next;
  private boolean autoCommit = true;
  private boolean closed;
  private int networkTimeout = 7_000;
  private boolean hasNetworkTimeout = true;
  private int prepareThreshold = 5;
  private int unclosed;
  private final List<String> preparedAtOnce = new ArrayList<>();
  private final Map<String, Integer> executions = new HashMap<>();
  private final Set<String> prepared = new LinkedHashSet<>();
  private LongConsumer whileListening = millis -> {};
  private boolean hidingDriver;

  FakeClient(boolean pooled, FakeBackend... backends) {
    this(pooled, null, backends);
  }

  FakeClient(FakePooler pooler) {
    this(true, pooler, pooler.backends().toArray(FakeBackend[]::new));
  }

  private FakeClient(boolean pooled, FakePooler pooler, FakeBackend... backends) {
    this.pooled = pooled;
    this.pooler = pooler;
    this.backends = List.of(backends);
    this.backend = backends[0];
  }

  FakeClient autoCommit(boolean on) {
    autoCommit = on;
    return this;
  }

  FakeClient withoutNetworkTimeout() {
    hasNetworkTimeout = false;
    return this;
  }

  /** What it looks like where the lock's class loader does not see pgjdbc. */
  FakeClient hidingDriver() {
    hidingDriver = true;
    return this;
  }

  /** Fails the next statement with these words, before the server has executed it. */
  FakeClient failing(String words, String sqlState) {
    failures.add(new Failure(words, new SQLException("on purpose", sqlState), false));
    return this;
  }

  /** The same with anything that a wrapper or the JVM may throw. */
  FakeClient failing(String words, Throwable failure) {
    failures.add(new Failure(words, failure, false));
    return this;
  }

  /** The same, when the server has executed it and only the answer is missing. */
  FakeClient losingTheAnswerTo(String words, String sqlState) {
    failures.add(new Failure(words, new SQLException("on purpose", sqlState), true));
    return this;
  }

  Connection connection() {
    return connection;
  }

  /** The one that it talks to, or talked to last. */
  FakeBackend backend() {
    return backend;
  }

  int networkTimeout() {
    return networkTimeout;
  }

  /** All statements, also those that failed. */
  List<String> statements() {
    return statements;
  }

  /** The statements that the server was to keep from their first execution on. */
  List<String> preparedAtOnce() {
    return preparedAtOnce;
  }

  /** The statements that a backend keeps by now: pgjdbc has it do so from some execution on. */
  Set<String> prepared() {
    return prepared;
  }

  /** Statements and results that were opened and not closed. */
  int unclosed() {
    return unclosed;
  }

  /** Makes a statement of the session's user, such as one of a migration. */
  void work() throws SQLException {
    run("select true", List.of());
  }

  /** Executes a statement and returns its rows. */
  synchronized List<List<Object>> run(String sql, List<Object> parameters) throws SQLException {
    refuseIfClosed();
    statements.add(sql);
    Failure failure = failures.stream().filter(f -> sql.contains(f.words)).findFirst().orElse(null);
    failures.remove(failure);
    if (failure != null && !failure.executed) {
      backend.fail();
      throwIt(failure);
    }
    if (!backend.isInTransaction()) {
      if (pooled) {
        backend =
            pooler == null ? backends.get(next++ % backends.size()) : pooler.backendFor(this, sql);
      }
      if (!autoCommit) {
        backend.begin();
      }
    }
    List<List<Object>> rows = List.of();
    try {
      for (String statement : sql.split(";", -1)) {
        List<List<Object>> answer = backend.execute(statement, parameters);
        rows = rows.isEmpty() ? answer : rows;
      }
    } finally {
      closed = backend.hasEnded();
    }
    if (failure != null) {
      throwIt(failure);
    }
    return rows;
  }

  private static void throwIt(Failure failure) throws SQLException {
    if (failure.exception instanceof SQLException said) {
      throw said;
    }
    if (failure.exception instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure.exception;
  }

  private void refuseIfClosed() throws SQLException {
    if (closed) {
      throw new SQLException("This connection has been closed.", "08003");
    }
  }

  DatabaseMetaData getMetaData() {
    return Fakes.as(DatabaseMetaData.class, this);
  }

  String getDatabaseProductName() {
    return "PostgreSQL";
  }

  String getUserName() {
    return "app";
  }

  boolean getAutoCommit() {
    return autoCommit;
  }

  void setAutoCommit(boolean on) throws SQLException {
    refuseIfClosed();
    if (autoCommit != on) {
      backend.commit();
    }
    autoCommit = on;
  }

  void commit() {
    backend.commit();
  }

  boolean isReadOnly() throws SQLException {
    refuseIfClosed();
    return false;
  }

  void setReadOnly(boolean on) throws SQLException {
    refuseIfClosed();
    if (backend.isInTransaction()) {
      throw new SQLException("Cannot change it in the middle of a transaction.", "25001");
    }
  }

  int getNetworkTimeout() throws SQLException {
    if (!hasNetworkTimeout) {
      throw new SQLFeatureNotSupportedException("getNetworkTimeout");
    }
    return networkTimeout;
  }

  void setNetworkTimeout(Executor executor, int milliseconds) throws SQLException {
    refuseIfClosed();
    networkTimeout = milliseconds;
  }

  /** What happens while it waits for a notification. */
  FakeClient whileListening(LongConsumer action) {
    whileListening = action;
    return this;
  }

  PGNotification[] getNotifications(int timeoutMillis) throws SQLException {
    whileListening.accept(timeoutMillis);
    return getNotifications();
  }

  PGNotification[] getNotifications() throws SQLException {
    refuseIfClosed();
    return backend.takeNotifiers().stream()
        .map(pid -> new Notification("advisory_lock_" + backend.pid(), pid))
        .toArray(PGNotification[]::new);
  }

  int getBackendPID() {
    return pooled ? POOLERS_PID : backend.pid();
  }

  int getPrepareThreshold() {
    return prepareThreshold;
  }

  void setPrepareThreshold(int threshold) {
    prepareThreshold = threshold;
  }

  Object unwrap(Class<?> type) {
    if (hidingDriver) {
      throw new NoClassDefFoundError(type.getName());
    }
    return type.cast(connection);
  }

  void abort(Executor executor) {
    close();
  }

  void close() {
    closed = true;
    if (pooler == null) {
      backend.end();
    } else {
      pooler.leave(this);
    }
  }

  boolean isClosed() {
    return closed;
  }

  PreparedStatement prepareStatement(String sql) throws SQLException {
    refuseIfClosed();
    return Fakes.as(PreparedStatement.class, new Prepared(sql), PGStatement.class);
  }

  Statement createStatement() throws SQLException {
    return prepareStatement("");
  }

  final class Prepared {

    private final String sql;
    private final List<Object> parameters = new ArrayList<>();
    private List<List<Object>> rows = List.of();
    private int threshold = prepareThreshold;

    Prepared(String sql) {
      this.sql = sql;
      unclosed++;
    }

    private void bind(int parameter, Object value) {
      while (parameters.size() < parameter) {
        parameters.add(null);
      }
      parameters.set(parameter - 1, value);
    }

    void setLong(int parameter, long value) {
      bind(parameter, value);
    }

    void setBoolean(int parameter, boolean value) {
      bind(parameter, value);
    }

    void setInt(int parameter, int value) {
      bind(parameter, value);
    }

    void setString(int parameter, String value) {
      bind(parameter, value);
    }

    void setObject(int parameter, Object value) {
      bind(parameter, value);
    }

    ResultSet executeQuery() throws SQLException {
      execute();
      return getResultSet();
    }

    boolean isWrapperFor(Class<?> type) {
      if (hidingDriver) {
        throw new NoClassDefFoundError(type.getName());
      }
      return type == PGStatement.class;
    }

    Object unwrap(Class<?> type) {
      return Fakes.as(type, this);
    }

    void setPrepareThreshold(int executionsBefore) {
      threshold = executionsBefore;
      if (threshold == 1) {
        preparedAtOnce.add(sql);
      }
    }

    boolean execute() throws SQLException {
      if (executions.merge(sql, 1, Integer::sum) >= threshold && threshold > 0) {
        prepared.add(sql);
      }
      rows = run(sql, parameters);
      return true;
    }

    ResultSet getResultSet() {
      return Fakes.as(ResultSet.class, new Rows(rows));
    }

    boolean execute(String text) throws SQLException {
      run(text, List.of());
      return false;
    }

    void close() {
      unclosed--;
    }
  }

  final class Rows {

    private final List<List<Object>> rows;
    private int row = -1;

    Rows(List<List<Object>> rows) {
      this.rows = rows;
      unclosed++;
    }

    private Object at(int column) {
      return rows.get(row).get(column - 1);
    }

    boolean next() {
      return ++row < rows.size();
    }

    boolean getBoolean(int column) {
      return Boolean.TRUE.equals(at(column));
    }

    int getInt(int column) {
      return at(column) instanceof Integer number ? number : 0;
    }

    double getDouble(int column) {
      return at(column) instanceof Double number ? number : 0;
    }

    long getLong(int column) {
      return (Long) at(column);
    }

    String getString(int column) {
      return (String) at(column);
    }

    Timestamp getTimestamp(int column) {
      return at(column) instanceof OffsetDateTime time ? Timestamp.from(time.toInstant()) : null;
    }

    void close() {
      unclosed--;
    }
  }

  /** This connection as a pool hands it out: closing it gives it back. */
  FakeLoan loan() {
    return new FakeLoan(this);
  }
}
