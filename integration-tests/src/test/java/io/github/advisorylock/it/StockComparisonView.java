package io.github.advisorylock.it;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import javax.sql.DataSource;

/** What a run of the stock comparison has left behind, as lines of text. */
final class StockComparisonView {
  /** What ends besides the run, such as a backend whose client has gone, gets this long. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private static final String LOCKS =
      """
      SELECT format('%s %s %s', classid, objid, mode) FROM pg_locks
       WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""";

  private static final String SESSIONS =
      """
      SELECT %s FROM pg_stat_activity
       WHERE datname = current_database() AND backend_type = 'client backend'
         AND application_name <> '"""
          + Database.HARNESS
          + "'";

  private static final String USER_SCHEMAS =
      "(SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')";

  private static final String OBJECTS =
      """
      SELECT format('schema %I, owner %s, privileges %s', nspname, nspowner::regrole, nspacl)
        FROM pg_namespace WHERE oid IN :schemas
      UNION ALL
      SELECT format('relation %s, kind %s, owner %s, privileges %s',
                    oid::regclass, relkind, relowner::regrole, relacl)
        FROM pg_class WHERE relnamespace IN :schemas AND relkind <> 't'
      UNION ALL
      SELECT format('column %s.%I %s, not null %s, default %s', attrelid::regclass, attname,
                    format_type(atttypid, atttypmod), attnotnull,
                    (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef d
                      WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum))
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
       WHERE relnamespace IN :schemas AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0
         AND NOT attisdropped
      UNION ALL
      SELECT format('index %s, valid %s', pg_get_indexdef(indexrelid), indisvalid)
        FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relnamespace IN :schemas
      UNION ALL
      SELECT format('constraint %I on %s: %s', conname, conrelid::regclass,
                    pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace IN :schemas
      UNION ALL
      SELECT format('view %s: %s', oid::regclass, pg_get_viewdef(oid))
        FROM pg_class WHERE relnamespace IN :schemas AND relkind IN ('v', 'm')
      UNION ALL
      SELECT format('function %s, owner %s, privileges %s: %s',
                    oid::regprocedure, proowner::regrole, proacl, prosrc)
        FROM pg_proc WHERE pronamespace IN :schemas
      UNION ALL
      SELECT format('extension %s', extname) FROM pg_extension"""
          .replace(":schemas", USER_SCHEMAS);

  /** The tables with rows, and whether each is one of the tools' histories. */
  private static final String TABLES =
      """
      SELECT oid::regclass::text, EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid
                                           AND attname IN ('installed_rank', 'orderexecuted'))
        FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace IN :schemas ORDER BY 1"""
          .replace(":schemas", USER_SCHEMAS);

  /** Without what is never the same. */
  private static final String ROWS =
      """
      SELECT (to_jsonb(t) - '{installed_on,execution_time,dateexecuted,deployment_id}'::text[])::text
        FROM %s t ORDER BY 1""";

  private static final String SETTINGS =
      """
      SELECT format('%s = %s, fixed for the session', name, setting) FROM pg_settings
       WHERE source = 'session'
      UNION ALL SELECT format('search_path = %s', current_setting('search_path'))
      UNION ALL SELECT format('current role %s, login role %s', current_user, session_user)
      UNION ALL SELECT format('listens on %s', c) FROM pg_listening_channels() c""";

  private final Connection connection;
  private final StockComparisonReport report;

  /** Observes through a connection of the harness. */
  StockComparisonView(Connection connection, StockComparisonReport report) {
    this.connection = connection;
    this.report = report;
  }

  /** Locks, sessions and connections while the program's pools are still open. */
  void observeOpen(StockComparisonStage stage) throws SQLException {
    Await.within(GRACE, () -> uncheckedList(LOCKS).isEmpty() && isAtRest(stage.ownsSessions()));
    report.addAll(StockComparisonAspect.LOCKS, list(LOCKS));
    List<String> states = list(SESSIONS.formatted("state"));
    new TreeSet<>(states)
        .forEach(state -> report.add(StockComparisonAspect.SESSIONS, "before closing: " + state));
    TreeSet<String> seen = new TreeSet<>();
    for (Connection own : stage.connections()) {
      seen.addAll(describe(own));
    }
    for (DataSource pool : stage.pools()) {
      seen.addAll(describe(pool, states.size()));
    }
    report.addAll(StockComparisonAspect.CONNECTIONS, seen);
  }

  /** What is in the database, and what is left of sessions, after everything was closed. */
  void observeClosed() throws SQLException {
    Await.within(GRACE, () -> uncheckedList(SESSIONS.formatted("pid")).isEmpty());
    list(SESSIONS.formatted("format('%s: %s', state, query)"))
        .forEach(line -> report.add(StockComparisonAspect.SESSIONS, "after closing: " + line));
    list(LOCKS).forEach(line -> report.add(StockComparisonAspect.LOCKS, "after closing: " + line));
    report.addAll(StockComparisonAspect.OBJECTS, list(OBJECTS));
    try (Statement statement = connection.createStatement();
        ResultSet tables = statement.executeQuery(TABLES)) {
      while (tables.next()) {
        String table = tables.getString(1);
        for (String row : list(ROWS.formatted(table))) {
          report.add(
              tables.getBoolean(2) ? StockComparisonAspect.HISTORY : StockComparisonAspect.CONTENT,
              table + ": " + row);
        }
      }
    }
  }

  private boolean isAtRest(boolean mayStay) {
    return uncheckedList(SESSIONS.formatted("state")).stream()
        .allMatch(state -> mayStay && !"active".equals(state));
  }

  /** So many connections at the same time, so that each that the pool has is among them. */
  private static List<String> describe(DataSource pool, int count) throws SQLException {
    List<Connection> borrowed = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        borrowed.add(pool.getConnection());
      }
      for (Connection one : borrowed) {
        lines.addAll(describe(one));
      }
    } catch (SQLException e) {
      lines.add("no connection out of the pool: " + StockComparisonReport.describe(e));
    } finally {
      for (Connection one : borrowed) {
        one.close();
      }
    }
    return lines;
  }

  private static List<String> describe(Connection one) {
    List<String> lines = new ArrayList<>();
    try {
      if (one.isClosed()) {
        return List.of("closed");
      }
      lines.add("autocommit " + one.getAutoCommit());
      lines.add("isolation " + one.getTransactionIsolation());
      lines.add("read-only " + one.isReadOnly());
      lines.add("network timeout " + one.getNetworkTimeout());
      lines.add("schema " + one.getSchema());
      lines.addAll(list(one, SETTINGS));
      if (!one.getAutoCommit()) {
        one.rollback();
      }
    } catch (SQLException e) {
      lines.add("unusable: " + StockComparisonReport.describe(e));
    }
    return lines;
  }

  private List<String> uncheckedList(String query) {
    try {
      return list(query);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> list(String query) throws SQLException {
    return list(connection, query);
  }

  private static List<String> list(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> list = new ArrayList<>();
      while (rows.next()) {
        list.add(String.valueOf(rows.getString(1)));
      }
      return list;
    }
  }
}
