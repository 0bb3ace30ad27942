package io.github.advisorylock;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every statement that this library sends. None of them waits in the server, and none leaves a
 * snapshot behind on a connection in autocommit mode.
 */
final class LockSql {

  static final String APPLICATION_NAME = "application_name";

  /** How a key and its database show in pg_locks; {@code k.key} is the key. */
  private static final String SHOWS_AS_HELD =
      """
      l.locktype = 'advisory'
        and l.database = (select d.oid from pg_catalog.pg_database d
                          where d.datname = pg_catalog.current_database())
        and l.classid = ((k.key >> 32) & 4294967295)::oid
        and l.objid = (k.key & 4294967295)::oid
        and l.objsubid = 1 and l.mode = 'ExclusiveLock' and l.granted
      """;

  private static final String HELD_BY_THIS_SESSION =
      """
      exists (select from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
              where l.pid = pg_catalog.pg_backend_pid() and %s)
      """
          .formatted(SHOWS_AS_HELD);

  /** Looks at the session and changes nothing: it may yet turn out to be the wrong one. */
  private static final String LOOK =
      """
      select pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), %s,
             pg_catalog.current_setting('application_name')
      """
          .formatted(HELD_BY_THIS_SESSION);

  /**
   * Switches off each server-side timeout that could end the session or fail a try. Which of them
   * exist depends on the server's release, and pg_settings knows.
   */
  private static final String DISABLE_TIMEOUTS =
      """
      select s.name, s.setting, pg_catalog.set_config(s.name, '0', false)
      from pg_catalog.pg_settings s
      where s.name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout',
                       'idle_in_transaction_session_timeout', 'transaction_timeout')
      """;

  private static final String TRY = "select pg_catalog.pg_try_advisory_lock(?)";

  private static final String SET = "pg_catalog.set_config(?, ?, false)";

  private static final String CONFIRM = "select " + HELD_BY_THIS_SESSION + ", " + SET;

  private static final String UNLOCK = "pg_catalog.pg_advisory_unlock(?)";

  private static final String HOLDER =
      """
      select l.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr), a.backend_start,
             a.state, a.query
      from pg_catalog.pg_locks l
        cross join (values (?::bigint)) k(key)
        left join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where %s
      """
          .formatted(SHOWS_AS_HELD);

  private static final String TERMINATE =
      """
      select pg_catalog.pg_terminate_backend(l.pid)
      from pg_catalog.pg_locks l
        cross join (values (?::bigint)) k(key)
        join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where l.pid = ? and a.backend_start = ? and %s
      """
          .formatted(SHOWS_AS_HELD);

  private LockSql() {}

  /** What {@link #look} saw. */
  record Look(int backendPid, boolean standby, boolean alreadyHeld, String applicationName) {}

  static Look look(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(LOOK)) {
      statement.setLong(1, key.value());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("The server answered a select of constants with no row");
        }
        return new Look(
            row.getInt(1), row.getBoolean(2), row.getBoolean(3), emptyIfNull(row.getString(4)));
      }
    }
  }

  /** Returns the settings as they were. */
  static Map<String, String> disableTimeouts(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(DISABLE_TIMEOUTS);
        ResultSet row = statement.executeQuery()) {
      Map<String, String> settings = new LinkedHashMap<>();
      while (row.next()) {
        settings.put(row.getString(1), row.getString(2));
      }
      return settings;
    }
  }

  static boolean tryLock(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(TRY)) {
      statement.setLong(1, key.value());
      return firstBoolean(statement);
    }
  }

  /** Whether pg_locks shows this session as the key's holder; also names the session. */
  static boolean confirm(Connection connection, LockKey key, String applicationName)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CONFIRM)) {
      statement.setLong(1, key.value());
      statement.setString(2, APPLICATION_NAME);
      statement.setString(3, applicationName);
      return firstBoolean(statement);
    }
  }

  /** Unlocks and brings the settings back in one round trip; false if the key was not held. */
  static boolean unlockAndRestore(Connection connection, LockKey key, Map<String, String> settings)
      throws SQLException {
    String sql = "select " + UNLOCK + (", " + SET).repeat(settings.size());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, key.value());
      bind(statement, 2, settings);
      return firstBoolean(statement);
    }
  }

  static void set(Connection connection, Map<String, String> settings) throws SQLException {
    String sql = "select true" + (", " + SET).repeat(settings.size());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, 1, settings);
      firstBoolean(statement);
    }
  }

  static @Nullable LockHolder holder(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(HOLDER)) {
      statement.setLong(1, key.value());
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? holderOf(key, row) : null;
      }
    }
  }

  private static LockHolder holderOf(LockKey key, ResultSet row) throws SQLException {
    OffsetDateTime connectedSince = row.getObject(5, OffsetDateTime.class);
    boolean hidden = connectedSince == null;
    return new LockHolder(
        key,
        row.getInt(1),
        emptyIfNull(row.getString(2)),
        emptyIfNull(row.getString(3)),
        row.getString(4),
        hidden ? null : connectedSince.toInstant(),
        row.getString(6),
        hidden ? null : row.getString(7));
  }

  static boolean terminate(Connection connection, LockHolder holder) throws SQLException {
    if (holder.connectedSince() == null) {
      return false;
    }
    try (PreparedStatement statement = connection.prepareStatement(TERMINATE)) {
      statement.setLong(1, holder.key().value());
      statement.setInt(2, holder.pid());
      statement.setObject(3, holder.connectedSince().atOffset(java.time.ZoneOffset.UTC));
      return firstBoolean(statement);
    }
  }

  /** Ends a transaction, also one that was begun in SQL on a connection in autocommit mode. */
  static void rollback(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("rollback")) {
      statement.execute();
    }
  }

  static boolean terminateThisSession(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "select pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())")) {
      return firstBoolean(statement);
    }
  }

  /** Any statement at all: a pool that hands it on notices that its connection has ended. */
  static void touch(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select true")) {
      firstBoolean(statement);
    }
  }

  static boolean isPostgreSql(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select version()");
        ResultSet row = statement.executeQuery()) {
      String version = row.next() ? emptyIfNull(row.getString(1)) : "";
      return version.startsWith("PostgreSQL") && !version.contains("Redshift");
    }
  }

  /**
   * The statement, for people, that shows who holds a key in the database they are connected to.
   */
  static String showHolder(LockKey key) {
    return "select a.* from pg_stat_activity a join pg_locks l using (pid)"
        + " where l.locktype = 'advisory' and l.granted"
        + (" and l.classid = " + key.classId() + " and l.objid = " + key.objectId())
        + " and l.objsubid = 1"
        + " and l.database = (select oid from pg_database where datname = current_database());";
  }

  /** The statement, for people, that ends a holder. */
  static String endHolder(int pid) {
    return "select pg_terminate_backend(" + pid + ");";
  }

  private static void bind(
      PreparedStatement statement, int firstParameter, Map<String, String> settings)
      throws SQLException {
    int parameter = firstParameter;
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      statement.setString(parameter++, setting.getKey());
      statement.setString(parameter++, setting.getValue());
    }
  }

  private static boolean firstBoolean(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static String emptyIfNull(@Nullable String text) {
    return text == null ? "" : text;
  }
}
