package io.github.advisorylock;

import static java.util.stream.Collectors.joining;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * Every statement that this library sends. None of them waits in the server, and none leaves a
 * snapshot behind on a connection in autocommit mode. None looks up a name in the search path,
 * where another role may have created objects, operators included: decision 25 says how.
 */
final class LockSql {

  static final String APPLICATION_NAME = "application_name";

  /**
   * The oid of this database, also for a role that may not read pg_database. It does not read
   * pg_stat_activity, of which the server keeps a copy until the transaction ends: a migration in
   * that transaction would read outdated rows.
   */
  private static final String DATABASE =
      """
      (select pg_catalog.split_part(
                pg_catalog.pg_relation_filepath('pg_catalog.pg_class'::pg_catalog.regclass),
                '/'::pg_catalog.text, -2)::pg_catalog.oid)
      """;

  /** How all keys of this database show in pg_locks, in whatever mode. */
  private static final String SHOWS_SOME_KEY =
      """
      l.locktype operator(pg_catalog.=) 'advisory'::pg_catalog.text
        and l.database operator(pg_catalog.=) %s
        and l.objsubid operator(pg_catalog.=) 1::pg_catalog.int2 and l.granted
      """
          .formatted(DATABASE);

  /** How one of them does; {@code k.key} is the key. */
  private static final String SHOWS =
      SHOWS_SOME_KEY
          + """
              and l.classid operator(pg_catalog.=)
                ((k.key operator(pg_catalog.>>) 32) operator(pg_catalog.&) 4294967295)::pg_catalog.oid
              and l.objid operator(pg_catalog.=)
                (k.key operator(pg_catalog.&) 4294967295)::pg_catalog.oid
            """;

  private static final String HELD_BY =
      """
      exists (select from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
              where l.pid operator(pg_catalog.=) %s
                and l.mode operator(pg_catalog.=) 'ExclusiveLock'::pg_catalog.text and %s)
      """;

  private static final String HELD_BY_THIS_SESSION =
      HELD_BY.formatted("pg_catalog.pg_backend_pid()", SHOWS);

  private static final String HELD_BY_PID =
      "select " + HELD_BY.formatted("?::pg_catalog.int4", SHOWS);

  /** The process id of another session that has the key, in whatever mode. */
  private static final String OTHER_PID =
      """
      (select pg_catalog.min(l.pid) from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
       where l.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid() and %s)
      """
          .formatted(SHOWS);

  private static final String BACKEND = "select pg_catalog.pg_backend_pid(), pg_catalog.version()";

  /** Never executed, but refused to a role that may not: before the lock is taken, not after. */
  private static final String NEVER = ", case when t.never then pg_catalog.%s(0::bigint) end";

  private static final String FROM_NEVER = " from (select false as never offset 0) t";

  /**
   * What a tool keeps in a session in which it also runs scripts: one row for each of its locks.
   */
  private static final String SCRIPTED_SESSION =
      """
      select pg_catalog.pg_backend_pid(), session_user::pg_catalog.text, l.classid, l.objid%s
      from (values (0)) one(n) left join pg_catalog.pg_locks l
        on l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
        and l.locktype operator(pg_catalog.=) 'advisory'::pg_catalog.text
        and l.mode operator(pg_catalog.=) 'ExclusiveLock'::pg_catalog.text
        and l.objsubid operator(pg_catalog.=) 1::pg_catalog.int2
        and l.granted
      """;

  /** Null for a setting that this release of the server does not have. */
  private static final String CURRENT = ", pg_catalog.current_setting('%s', true)";

  /** Which settings were set in the session, rather than by a default of any kind. */
  private static final String SET_IN_SESSION =
      """
      , array(select s.name from pg_catalog.pg_settings s
              where s.source operator(pg_catalog.=) 'session'::pg_catalog.text)
      """;

  private static final String SETTINGS_IN_VIEW =
      """
      select s.name, s.setting, s.source operator(pg_catalog.=) 'session'::pg_catalog.text
      from pg_catalog.pg_settings s
      where s.name operator(pg_catalog.=) any (pg_catalog.string_to_array(?::pg_catalog.text, ','))
      """;

  /** Functions and relations of these names that the role may not use. */
  private static final String MISSING =
      """
      select p.proname::pg_catalog.text, true,
        pg_catalog.pg_get_function_identity_arguments(p.oid)
      from pg_catalog.pg_proc p
      where p.pronamespace operator(pg_catalog.=)
              'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid
        and p.proname::pg_catalog.text operator(pg_catalog.=) any
              (pg_catalog.string_to_array(?::pg_catalog.text, ','))
        and not pg_catalog.has_function_privilege(p.oid, 'execute')
      union all
      select c.relname::pg_catalog.text, false, ''::pg_catalog.text
      from pg_catalog.pg_class c
      where c.relnamespace operator(pg_catalog.=)
              'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid
        and c.relname::pg_catalog.text operator(pg_catalog.=) any
              (pg_catalog.string_to_array(?::pg_catalog.text, ','))
        and not pg_catalog.has_table_privilege(c.oid, 'select')
      """;

  /**
   * Looks after the lock was granted, and never before: decision 9 says why. That is why the looks
   * depend on {@code t}: the server cannot take them first.
   */
  private static final String CONFIRM =
      """
      select t.granted,
        t.granted and exists (select from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
                              where t.granted
                                and l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
                                and l.mode operator(pg_catalog.=) 'ExclusiveLock'::pg_catalog.text
                                and %1$s),
        pg_catalog.pg_backend_pid(),
        (select pg_catalog.min(l.pid) from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
         where t.granted and l.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid()
           and %1$s)
      """
          .formatted(SHOWS);

  private static final String TRY = "select pg_catalog.pg_try_advisory_lock(?)";

  private static final String FROM_TRY = " from (" + TRY + " as granted offset 0) t";

  private static final String FROM_GRANTED = " from (select true as granted offset 0) t";

  private static final String IF_GRANTED = "case when t.granted then %s end";

  private static final String TRY_FOR_TRANSACTION =
      "select pg_catalog.pg_try_advisory_xact_lock(?)";

  private static final String SHARE = "select pg_catalog.pg_try_advisory_lock_shared(?)";

  private static final String SHARE_FOR_TRANSACTION =
      "select pg_catalog.pg_try_advisory_xact_lock_shared(?)";

  private static final String SET = "pg_catalog.set_config(?, ?, false)";

  /** Does nothing if something else has changed it. */
  private static final String SET_IF_OURS =
      "case when pg_catalog.current_setting(?) operator(pg_catalog.=) ?::pg_catalog.text then "
          + SET
          + " end";

  private static final String SET_LOCAL = "pg_catalog.set_config(?, ?, true)";

  /** Says that {@link #setForTransaction} has been there, and ends with the transaction. */
  private static final String BOUND = "advisory_lock.bound";

  /** Says which lock its transaction holds, and ends with it. */
  private static final String HELD = "advisory_lock.held";

  private static final String SET_LOCAL_UNLESS_BOUND =
      "case when t.unbound then " + SET_LOCAL + " end";

  private static final String FROM_BOUND =
      " from (select (pg_catalog.current_setting('%s', true) operator(pg_catalog.=) 'true'::pg_catalog.text) is not true as unbound offset 0) t"
          .formatted(BOUND);

  private static final String UNLOCK = "select pg_catalog.pg_advisory_unlock(?)";

  /** Each session that listens has a channel of its own. */
  private static final String CHANNEL = "advisory_lock_";

  /** How many sessions share the waiting key. */
  private static final String LISTENERS =
      """
      (select pg_catalog.count(*) from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
       where %s)
      """
          .formatted(SHOWS);

  /** Listening comes last: before, it is seen whether somebody else listens on this connection. */
  private static final String START_LISTENING =
      """
      select pg_catalog.pg_try_advisory_lock_shared(?)
               and not exists (select from pg_catalog.pg_listening_channels()), %s; listen %s
      """;

  private static final String UNSHARE_COLUMN = "pg_catalog.pg_advisory_unlock_shared(?)";

  /**
   * Looks for somebody to wake up after it has unlocked: whoever tried in vain before is seen, as
   * it listened before it tried. Does nothing unless the second parameter is true.
   */
  private static final String UNLOCK_AND_WAKE =
      """
      select u.unlocked,
        (select pg_catalog.pg_notify(
                  '%s'::pg_catalog.text operator(pg_catalog.||) w.pid::pg_catalog.text, '')
         from (select l.pid from pg_catalog.pg_locks l, (values (?::bigint)) k(key)
               where u.unlocked and l.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid()
                 and %s
               order by pg_catalog.random() limit 1) w)
      from (select case when ? then pg_catalog.pg_advisory_unlock(?) end as unlocked offset 0) u
      """
          .formatted(CHANNEL, SHOWS);

  /**
   * False also if it has taken a lock of which others take notice, such as an advisory lock: a read
   * of a table is what a validation query does.
   */
  private static final String IS_WITHOUT_EFFECT =
      """
      select pg_catalog.pg_current_xact_id_if_assigned() is null
        and not exists (select from pg_catalog.pg_locks l
                        where l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
                          and l.locktype operator(pg_catalog.<>) 'virtualxid'::pg_catalog.text
                          and l.mode operator(pg_catalog.<>) 'AccessShareLock'::pg_catalog.text)
      """;

  private static final String UNSHARE = "select " + UNSHARE_COLUMN;

  /**
   * Text of another session, which is perhaps no text to this one: in an encoding that cannot be
   * converted as a whole, bytes beyond ASCII are escaped.
   */
  private static final String READABLE =
      """
      case when pg_catalog.getdatabaseencoding()
                  operator(pg_catalog.=) any ('{UTF8,LATIN1}'::pg_catalog.name[])
           then %1$s
           else pg_catalog.encode(pg_catalog.convert_to(%1$s, 'SQL_ASCII'), 'escape') end
      """;

  /** What can be seen of a session besides its process id and its role. */
  private static final String REST_OF_SESSION =
      """
      , a.application_name, pg_catalog.host(a.client_addr), a.backend_start, a.state,
        extract(epoch from pg_catalog.clock_timestamp() operator(pg_catalog.-) a.state_change)
          ::pg_catalog.float8,
        %s
      """
          .formatted(READABLE.formatted("a.query"));

  /** What the view shows of a session besides its process id. */
  private static final String SESSION =
      READABLE.formatted("a.usename::pg_catalog.text") + REST_OF_SESSION;

  /**
   * The view reads every session to show one, and is long to plan. What is below it shows the one,
   * to each role what the view does, except to a role that may not read the view; whether it may,
   * each row says, and there is at least one. A prepared transaction has no process id.
   */
  private static final String HOLDERS =
      """
      select l.pid,
        case when pg_catalog.pg_get_userbyid(a.usesysid)::pg_catalog.text operator(pg_catalog.<>)
                  pg_catalog.concat('unknown (OID=', a.usesysid, ')')
             then %s end
        %s, pg_catalog.has_table_privilege('pg_catalog.pg_stat_activity', 'select')
      from (values (?::bigint)) k(key)
        left join pg_catalog.pg_locks l on %s
        left join lateral pg_catalog.pg_stat_get_activity(coalesce(l.pid, 0)) a on true
      """
          .formatted(
              READABLE.formatted("pg_catalog.pg_get_userbyid(a.usesysid)::pg_catalog.text"),
              REST_OF_SESSION,
              SHOWS);

  /**
   * Who has a key or one of those made from it, with the number of the key's parameter; and who
   * only says that it waits. One look at pg_locks, so that nobody is seen on both sides of a
   * hand-over.
   */
  private static final String STATUS =
      "select s.pid, "
          + SESSION
          + """
            , s.part
      from (select l.pid, k.part
            from pg_catalog.pg_locks l,
              (values (1, ?::bigint), (2, ?::bigint), (3, ?::bigint)) k(part, key)
            where %s
            union
            select n.pid, 3 from pg_catalog.pg_stat_activity n
            where n.datname operator(pg_catalog.=) pg_catalog.current_database()
              and pg_catalog.strpos(n.application_name, ?) operator(pg_catalog.>) 0) s
        left join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) s.pid
      order by s.part, a.backend_start, s.pid
      """
              .formatted(SHOWS);

  /** The keys of sessions that say in their names that they hold one, or wait for it. */
  private static final String NAMED_KEYS =
      """
      select n.key, n.held, n.application_name
      from (select (l.classid::pg_catalog.int8 operator(pg_catalog.<<) 32)
                     operator(pg_catalog.|) l.objid::pg_catalog.int8 as key,
                   l.mode operator(pg_catalog.=) 'ExclusiveLock'::pg_catalog.text as held,
                   a.application_name
            from pg_catalog.pg_locks l
              join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) l.pid
            where %s) n
      where pg_catalog.strpos(n.application_name, case when n.held then ? else ? end)
              operator(pg_catalog.>) 0
      order by n.held desc, n.application_name, n.key
      """
          .formatted(SHOWS_SOME_KEY);

  /** Processes of one parallel query count as one. */
  private static final String BLOCKAGE =
      """
      select w.pid, w.backend_start is not null, %s, b.pid, %s
      from pg_catalog.pg_locks l
        cross join (values (?::bigint)) k(key)
        join pg_catalog.pg_stat_activity w on w.pid operator(pg_catalog.=) l.pid
        cross join lateral (select distinct u.pid
                            from pg_catalog.unnest(pg_catalog.pg_blocking_pids(l.pid)) u(pid)) b
        left join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) b.pid
      where %s
      order by w.pid, a.xact_start, b.pid
      """
          .formatted(READABLE.formatted("w.query"), SESSION, SHOWS);

  /** Words are what names of tables are made of, unless they are quoted. */
  private static final String SUSPECTS =
      """
      select a.pid, %s
      from pg_catalog.pg_stat_activity a
      where a.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid()
        and exists (select from pg_catalog.pg_locks l
                      join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) l.relation
                    where l.pid operator(pg_catalog.=) a.pid
                      and l.locktype operator(pg_catalog.=) 'relation'::pg_catalog.text
                      and l.granted
                      and l.database operator(pg_catalog.=) %s
                      and c.relnamespace operator(pg_catalog.<>)
                        'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid
                      and pg_catalog.lower(c.relname::pg_catalog.text) operator(pg_catalog.=) any
                        (pg_catalog.regexp_split_to_array(
                           pg_catalog.lower(?::pg_catalog.text), '[^[:alnum:]_$]+')))
      order by a.xact_start, a.pid
      limit 3
      """
          .formatted(SESSION, DATABASE);

  /** A function, relation or type of the server that a statement names. */
  private static final Pattern NAME = Pattern.compile("pg_catalog\\.(\\w+)");

  /** Names come early in a statement; data may be long. */
  private static final int LONGEST_STATEMENT = 10_000;

  private static final String TERMINATE =
      """
      select pg_catalog.pg_terminate_backend(l.pid)
      from pg_catalog.pg_locks l
        cross join (values (?::bigint)) k(key)
        join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) l.pid
      where l.pid operator(pg_catalog.=) ?::pg_catalog.int4
        and a.backend_start operator(pg_catalog.=) ?::pg_catalog.timestamptz and %s
      """
          .formatted(SHOWS);

  private static final String TERMINATE_IF_IDLE =
      TERMINATE
          + """
              and pg_catalog.starts_with(a.state, 'idle')
              and (pg_catalog.clock_timestamp() operator(pg_catalog.-) a.state_change)
                operator(pg_catalog.>) '1s'::pg_catalog.interval
            """;

  /** For people, so on one line; the two numbers are those that pg_locks shows for the key. */
  private static final String SHOW_HOLDER =
      "select a.* from pg_catalog.pg_stat_activity a"
          + " join pg_catalog.pg_locks l on l.pid operator(pg_catalog.=) a.pid"
          + " where l.locktype operator(pg_catalog.=) 'advisory'::pg_catalog.text and l.granted"
          + " and l.classid operator(pg_catalog.=) %s::pg_catalog.oid"
          + " and l.objid operator(pg_catalog.=) %s::pg_catalog.oid"
          + " and l.objsubid operator(pg_catalog.=) 1::pg_catalog.int2"
          + " and l.database operator(pg_catalog.=) (select d.oid from pg_catalog.pg_database d"
          + " where d.datname operator(pg_catalog.=) pg_catalog.current_database());";

  private static final Comparator<LockHolder> OLDEST_FIRST =
      Comparator.comparing(
          holder -> holder.session().connectedSince(),
          Comparator.nullsLast(Comparator.naturalOrder()));

  private LockSql() {}

  /** The server's side of a connection. */
  record Backend(int pid, String version) {

    boolean isPostgreSql() {
      return version.startsWith("PostgreSQL") && !version.contains("Redshift");
    }

    /**
     * Where the operating system does not tell a server that its client has gone, that rejects the
     * setting: it does on Linux, and on macOS and the BSDs from release 15 on.
     */
    boolean canCheckConnections() {
      return version.toLowerCase(Locale.ROOT).contains("linux")
          || version.matches("(?is)PostgreSQL (1[5-9]|[2-9]\\d)\\D.*(darwin|bsd).*");
    }

    /** PGlite gives all clients of its socket one session. */
    boolean hasOneSession() {
      return version.contains("PGlite");
    }
  }

  /**
   * What {@link #look} saw.
   *
   * @param settings those that were asked for, as far as this release has them; null for one that
   *     was not set in the session
   * @param missing what it had to do without
   */
  record Look(
      Backend backend,
      boolean standby,
      boolean alreadyHeld,
      Map<String, String> settings,
      MissingPrivileges missing) {}

  static Backend backend(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(BACKEND);
        ResultSet row = theRow(statement)) {
      return new Backend(row.getInt(1), emptyIfNull(row.getString(2)));
    }
  }

  /**
   * Looks at the session and changes nothing: it may yet turn out to be the wrong one. Fails if the
   * role may not lock or unlock.
   *
   * @param goesBack whether the session returns to its owner afterwards, so that its settings
   *     matter
   * @param missing what to do without, if that is possible
   */
  static Look look(
      Connection connection,
      LockKey key,
      Set<String> settings,
      boolean goesBack,
      MissingPrivileges missing)
      throws SQLException {
    boolean current = !missing.has("current_setting");
    boolean sources = goesBack && !missing.has("pg_settings");
    String sql =
        "select pg_catalog.pg_backend_pid(), "
            + missing.orElse("version", "pg_catalog.version()", "'PostgreSQL'::pg_catalog.text")
            + ", "
            + missing.orElse("pg_is_in_recovery", "pg_catalog.pg_is_in_recovery()", "false")
            + ", "
            + HELD_BY_THIS_SESSION
            + (sources ? SET_IN_SESSION : ", null::pg_catalog.text")
            + (current ? settings.stream().map(CURRENT::formatted).collect(joining()) : "")
            + Stream.of("pg_try_advisory_lock", "pg_advisory_unlock")
                .map(name -> missing.orElse(name, NEVER.formatted(name), ""))
                .collect(joining())
            + FROM_NEVER;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, key.value());
      try (ResultSet row = theRow(statement)) {
        return new Look(
            new Backend(row.getInt(1), emptyIfNull(row.getString(2))),
            row.getBoolean(3),
            row.getBoolean(4),
            current ? settings(row, 5, settings) : settingsInView(connection, settings, missing),
            missing);
      }
    }
  }

  /**
   * The settings as they are, and null for those that were not set in the session: to set them to
   * null brings their defaults back. A role that may not read pg_settings gets all as they are.
   *
   * @param firstColumn that of {@link #SET_IN_SESSION}; the settings follow
   */
  private static Map<String, String> settings(ResultSet row, int firstColumn, Set<String> names)
      throws SQLException {
    String set = row.getString(firstColumn);
    Set<String> inSession = set == null ? names : Set.of(set.split("[{},]+"));
    Map<String, String> found = new LinkedHashMap<>();
    int column = firstColumn + 1;
    for (String name : names) {
      String value = row.getString(column++);
      if (value != null) {
        found.put(name, inSession.contains(name) ? value : null);
      }
    }
    return found;
  }

  /**
   * The same for a role that may not call current_setting; empty if it may not read this either.
   */
  private static Map<String, String> settingsInView(
      Connection connection, Set<String> names, MissingPrivileges missing) throws SQLException {
    Map<String, String> found = new LinkedHashMap<>();
    if (missing.has("pg_settings")) {
      return found;
    }
    try (PreparedStatement statement = connection.prepareStatement(SETTINGS_IN_VIEW)) {
      statement.setString(1, String.join(",", names));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          found.put(row.getString(1), row.getBoolean(3) ? row.getString(2) : null);
        }
      }
    }
    return found;
  }

  /** As above, for a session that its owner works on. All of them must exist. */
  static Map<String, String> settings(Connection connection, Set<String> names)
      throws SQLException {
    return MissingPrivileges.doWithout(connection, missing -> settings(connection, names, missing));
  }

  private static Map<String, String> settings(
      Connection connection, Set<String> names, MissingPrivileges missing) throws SQLException {
    if (missing.has("current_setting")) {
      return settingsInView(connection, names, missing);
    }
    String sql =
        "select true"
            + missing.orElse("pg_settings", SET_IN_SESSION, ", null::pg_catalog.text")
            + names.stream().map(CURRENT::formatted).collect(joining());
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = theRow(statement)) {
      return settings(row, 2, names);
    }
  }

  /** What the role may not use of what a run uses. */
  static MissingPrivileges missingPrivileges(Connection connection) throws SQLException {
    String used = // views call functions with the rights of the role
        "pg_lock_status,pg_show_all_settings,pg_is_in_recovery,current_setting,pg_settings,"
            + "pg_try_advisory_lock,"
            + Stream.of(
                    BACKEND,
                    CONFIRM,
                    TRY_FOR_TRANSACTION,
                    SET,
                    UNLOCK,
                    SHARE,
                    SHARE_FOR_TRANSACTION,
                    UNSHARE)
                .flatMap(sql -> NAME.matcher(sql).results())
                .map(match -> match.group(1))
                .distinct()
                .collect(joining(","));
    Map<String, String> grants = new LinkedHashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(MISSING)) {
      statement.setString(1, used);
      statement.setString(2, used);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String name = "pg_catalog." + row.getString(1);
          grants.merge(
              row.getString(1),
              row.getBoolean(2)
                  ? "grant execute on function " + name + "(" + row.getString(3) + ") to it"
                  : "grant select on " + name + " to it",
              (one, other) -> one + "; " + other);
        }
      }
    }
    return new MissingPrivileges(grants);
  }

  /**
   * What a try came to.
   *
   * @param granted whether the server said that the lock is this session's
   * @param held whether pg_locks shows it so
   * @param backendPid this session's process id
   * @param workerPid that of another session that still works under the key; 0 if there is none
   */
  record Grip(boolean granted, boolean held, int backendPid, int workerPid) {

    static final Grip NONE = new Grip(false, false, 0, 0);
  }

  /** Tries once, without waiting. */
  static boolean tryLock(Connection connection, LockKey key) throws SQLException {
    return answer(connection, TRY, key);
  }

  /**
   * Looks at a lock that was granted.
   *
   * @param settings set now
   * @param listening whether this session shares the waiting key, which it does no more
   */
  static Grip confirm(
      Connection connection, LockKey key, Map<String, String> settings, boolean listening)
      throws SQLException {
    String sql = confirmAndSet(settings, SET, listening) + FROM_GRANTED;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bindConfirm(statement, key, settings, listening);
      return grip(statement);
    }
  }

  /** Both in one statement, which costs more if the lock is not granted. */
  static Grip tryAndConfirm(
      Connection connection, LockKey key, Map<String, String> settings, boolean listening)
      throws SQLException {
    String sql = confirmAndSet(settings, SET, listening) + FROM_TRY;
    try (PreparedStatement statement =
        listening ? prepareAtOnce(connection, sql) : connection.prepareStatement(sql)) {
      statement.setLong(bindConfirm(statement, key, settings, listening), key.value());
      return grip(statement);
    }
  }

  private static String confirmAndSet(Map<String, String> settings, String set, boolean listening) {
    return CONFIRM
        + (", " + IF_GRANTED.formatted(set)).repeat(settings.size())
        + (listening ? ", " + IF_GRANTED.formatted(UNSHARE_COLUMN) : "");
  }

  /** Returns the number of the parameter after the last that it has bound. */
  private static int bindConfirm(
      PreparedStatement statement, LockKey key, Map<String, String> settings, boolean listening)
      throws SQLException {
    statement.setLong(1, key.value());
    statement.setLong(2, key.forWork().value());
    int next = bind(statement, 3, settings);
    if (listening) {
      statement.setLong(next++, key.forWaiting().value());
    }
    return next;
  }

  private static Grip grip(PreparedStatement statement) throws SQLException {
    try (ResultSet row = theRow(statement)) {
      return new Grip(row.getBoolean(1), row.getBoolean(2), row.getInt(3), row.getInt(4));
    }
  }

  /**
   * Tries in a transaction that it begins, and leaves open only if the lock was granted. With text
   * rather than JDBC's own means, for which pgjdbc prepares statements that a pooler loses.
   *
   * @param settings set if the lock was granted, until the transaction ends
   * @param lease how long the transaction may be idle; zero for ever
   */
  static Grip tryLockForTransaction(
      Connection connection, LockKey key, Map<String, String> settings, Duration lease)
      throws SQLException {
    // The isolation level too: in any other the snapshot stays.
    execute(
        connection,
        "begin isolation level read committed; set local idle_in_transaction_session_timeout = "
            + lease.toMillis());
    if (!answer(connection, TRY_FOR_TRANSACTION, key)) {
      rollback(connection);
      return Grip.NONE;
    }
    Map<String, String> marked = new LinkedHashMap<>(settings);
    marked.put(HELD, Long.toString(key.value()));
    String sql = confirmAndSet(marked, SET_LOCAL, false) + FROM_GRANTED;
    Grip grip;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bindConfirm(statement, key, marked, false);
      grip = grip(statement);
    }
    dropSnapshot(connection);
    return grip;
  }

  /**
   * Shares the waiting key and listens.
   *
   * @return how many sessions do now; 0 if this one must not, because somebody else listens on its
   *     connection already
   */
  static int startListening(Connection connection, LockKey waitingKey, int backendPid)
      throws SQLException {
    String sql = START_LISTENING.formatted(LISTENERS, CHANNEL + backendPid);
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, waitingKey.value());
      statement.setLong(2, waitingKey.value());
      try (ResultSet row = theFirstRow(statement)) {
        return row.getBoolean(1) ? row.getInt(2) : 0;
      }
    }
  }

  static void stopListening(Connection connection, LockKey waitingKey, int backendPid)
      throws SQLException {
    String sql = "select " + UNSHARE_COLUMN + "; unlisten " + CHANNEL + backendPid;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, waitingKey.value());
      statement.execute();
    }
  }

  /**
   * What a session has that scripts on it may change.
   *
   * @param keys of the advisory locks that it holds for itself alone
   * @param settings by name, without those that the server does not have
   */
  record ScriptedSession(int pid, String user, Set<Long> keys, Map<String, String> settings) {}

  static ScriptedSession scriptedSession(Connection connection, Set<String> settings)
      throws SQLException {
    StringBuilder columns = new StringBuilder();
    settings.forEach(name -> columns.append(CURRENT.formatted(name)));
    try (PreparedStatement statement =
            prepareNever(connection, SCRIPTED_SESSION.formatted(columns));
        ResultSet row = theFirstRow(statement)) {
      Map<String, String> found = new LinkedHashMap<>();
      int column = 5;
      for (String name : settings) {
        String value = row.getString(column++);
        if (value != null) {
          found.put(name, value);
        }
      }
      int pid = row.getInt(1);
      String user = row.getString(2);
      Set<Long> keys = new LinkedHashSet<>();
      do {
        long high = row.getLong(3);
        if (!row.wasNull()) {
          keys.add(high << 32 | row.getLong(4));
        }
      } while (row.next());
      return new ScriptedSession(pid, user, keys, found);
    }
  }

  static void resetUser(Connection connection) throws SQLException {
    execute(connection, "reset session authorization");
  }

  static boolean isHeldByThisSession(Connection connection, LockKey key) throws SQLException {
    return answer(connection, "select " + HELD_BY_THIS_SESSION, key);
  }

  /**
   * Whether the transaction in which {@link #tryLockForTransaction} got the lock is still open,
   * before whose end nothing can release it. Takes no snapshot, not even for as long as it lasts: a
   * CREATE INDEX CONCURRENTLY that saw one would wait for the end of that transaction.
   */
  static boolean isHeldByThisTransaction(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("show " + HELD);
        ResultSet row = theRow(statement)) {
      return Long.toString(key.value()).equals(row.getString(1));
    } catch (SQLException e) {
      if (SqlStates.UNDEFINED_OBJECT.equals(SqlStates.of(e))) { // that transaction was elsewhere
        return false;
      }
      throw e;
    }
  }

  /** From a session that works, perhaps behind a pooler. */
  static boolean isHeldBy(int pid, Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = prepareNever(connection, HELD_BY_PID)) {
      statement.setLong(1, key.value());
      statement.setInt(2, pid);
      return firstBoolean(statement);
    }
  }

  /** The process id of another session that works under the key; 0 if there is none. */
  static int workerPid(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select " + OTHER_PID)) {
      statement.setLong(1, key.forWork().value());
      try (ResultSet row = theRow(statement)) {
        return row.getInt(1);
      }
    }
  }

  /** Shares a key until the transaction ends, and sets for as long; perhaps behind a pooler. */
  static boolean shareForTransaction(
      Connection connection, LockKey key, Map<String, String> settings) throws SQLException {
    String sql = SHARE_FOR_TRANSACTION + (", " + SET_LOCAL).repeat(settings.size());
    try (PreparedStatement statement = prepareNever(connection, sql)) {
      return answerAndSet(statement, key, settings);
    }
  }

  static boolean share(Connection connection, LockKey key, Map<String, String> settings)
      throws SQLException {
    return answerAndSet(connection, SHARE, key, settings, SET);
  }

  /** Does not mind if it was not shared. */
  static void unshareAndRestore(
      Connection connection, LockKey key, Map<String, String> found, Map<String, String> ours)
      throws SQLException {
    selectAndRestore(connection, UNSHARE, List.of(key), found, ours);
  }

  /**
   * Restores settings.
   *
   * @param found what they were before
   * @param ours what those were changed to that something else may have changed since, as the
   *     server shows it; if it has, they stay as they are. Without effect in a transaction, whose
   *     end may undo what it has changed, and for a role that may not read settings
   */
  static void restore(Connection connection, Map<String, String> found, Map<String, String> ours)
      throws SQLException {
    selectAndRestore(connection, "select true", List.of(), found, ours);
  }

  private static void selectAndRestore(
      Connection connection,
      String select,
      List<LockKey> keys,
      Map<String, String> found,
      Map<String, String> ours)
      throws SQLException {
    Map<String, String> compared = connection.getAutoCommit() ? ours : Map.of();
    try (PreparedStatement statement =
        connection.prepareStatement(select + restoring(found, compared))) {
      int parameter = 1;
      for (LockKey key : keys) {
        statement.setLong(parameter++, key.value());
      }
      bindRestoring(statement, parameter, found, compared);
      firstBoolean(statement);
    } catch (SQLException e) {
      if (compared.isEmpty() || !SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        throw e;
      }
      selectAndRestore(connection, select, keys, found, Map.of());
    }
  }

  private static String restoring(Map<String, String> found, Map<String, String> ours) {
    return found.keySet().stream()
        .map(name -> ", " + (ours.containsKey(name) ? SET_IF_OURS : SET))
        .collect(joining());
  }

  private static void bindRestoring(
      PreparedStatement statement,
      int firstParameter,
      Map<String, String> found,
      Map<String, String> ours)
      throws SQLException {
    int parameter = firstParameter;
    for (Map.Entry<String, String> setting : found.entrySet()) {
      String name = setting.getKey();
      if (ours.containsKey(name)) {
        statement.setString(parameter++, name);
        statement.setString(parameter++, ours.get(name));
      }
      statement.setString(parameter++, name);
      statement.setString(parameter++, setting.getValue());
    }
  }

  /** False if the key was not held. */
  static boolean unlock(Connection connection, LockKey key) throws SQLException {
    return answer(connection, UNLOCK, key);
  }

  /** The same, and wakes up one session of those that listen for it. */
  static boolean unlockAndWake(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(UNLOCK_AND_WAKE)) {
      return unlockAndWake(statement, key, true);
    }
  }

  /** Has the server plan {@link #unlockAndWake}, while there is time, and does nothing. */
  static void planUnlockAndWake(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = prepareAtOnce(connection, UNLOCK_AND_WAKE)) {
      unlockAndWake(statement, key, false);
    }
  }

  private static boolean unlockAndWake(PreparedStatement statement, LockKey key, boolean really)
      throws SQLException {
    statement.setLong(1, key.forWaiting().value());
    statement.setBoolean(2, really);
    statement.setLong(3, key.value());
    return firstBoolean(statement);
  }

  /** A statement that the server plans only the first time; on a pool's, perhaps each time. */
  private static PreparedStatement prepareAtOnce(Connection connection, String sql)
      throws SQLException {
    return prepare(connection, sql, 1);
  }

  /**
   * A statement that no session of the server keeps, however often it is executed: behind a pooler,
   * the next execution comes to another one.
   */
  private static PreparedStatement prepareNever(Connection connection, String sql)
      throws SQLException {
    return prepare(connection, sql, 0);
  }

  private static PreparedStatement prepare(Connection connection, String sql, int threshold)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      if (statement.isWrapperFor(PGStatement.class)) {
        statement.unwrap(PGStatement.class).setPrepareThreshold(threshold);
      }
    } catch (SQLException | RuntimeException | LinkageError e) {
      // pgjdbc is out of reach, and prepares what it was told to
    }
    return statement;
  }

  static void set(Connection connection, Map<String, String> settings) throws SQLException {
    String sql = "select true" + (", " + SET).repeat(settings.size());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, 1, settings);
      firstBoolean(statement);
    }
  }

  /**
   * Until the transaction ends, in which the connection is, or which this begins. Does nothing the
   * second time in a transaction: what that has set since is its own.
   */
  static void setForTransaction(Connection connection, Map<String, String> settings)
      throws SQLException {
    Map<String, String> marked = new LinkedHashMap<>(settings);
    marked.put(BOUND, "true");
    String sql = "select true" + (", " + SET_LOCAL_UNLESS_BOUND).repeat(marked.size()) + FROM_BOUND;
    try (PreparedStatement statement = prepareNever(connection, sql)) {
      bind(statement, 1, marked);
      firstBoolean(statement);
    }
  }

  /** For the session, and something else until the transaction ends. */
  static void set(
      Connection connection, Map<String, String> forTransaction, Map<String, String> forSession)
      throws SQLException {
    String sql =
        "select true"
            + (", " + SET).repeat(forSession.size())
            + (", " + SET_LOCAL).repeat(forTransaction.size());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, bind(statement, 1, forSession), forTransaction);
      firstBoolean(statement);
    }
  }

  /**
   * A statement that takes no snapshot, in a transaction at READ COMMITTED: the one that an earlier
   * statement left behind goes, and CREATE INDEX CONCURRENTLY need not wait for it.
   */
  static void dropSnapshot(Connection connection) throws SQLException {
    execute(connection, "show application_name");
  }

  static void setSavepoint(Connection connection) throws SQLException {
    execute(connection, "savepoint advisory_lock");
  }

  static void rollbackToSavepoint(Connection connection) throws SQLException {
    execute(connection, "rollback to savepoint advisory_lock");
  }

  static void releaseSavepoint(Connection connection) throws SQLException {
    execute(connection, "release savepoint advisory_lock");
  }

  /** Whether nothing but its settings and its snapshot would be left of the open transaction. */
  static boolean isWithoutEffect(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(IS_WITHOUT_EFFECT)) {
      return firstBoolean(statement);
    }
  }

  static Duration ageOfTransaction(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "select pg_catalog.transaction_timestamp(), pg_catalog.clock_timestamp()");
        ResultSet row = theRow(statement)) {
      return Duration.between(row.getTimestamp(1).toInstant(), row.getTimestamp(2).toInstant());
    }
  }

  /** The first schema of the search path that exists; null if there is none. */
  static @Nullable String currentSchema(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select current_schema");
        ResultSet row = theRow(statement)) {
      return row.getString(1);
    }
  }

  static boolean isStandby(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("select pg_catalog.pg_is_in_recovery()")) {
      return firstBoolean(statement);
    }
  }

  static LockStatus status(Connection connection, LockKey key) throws SQLException {
    List<LockKey> keys = List.of(key, key.forWork(), key.forWaiting());
    List<List<LockHolder>> parts = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (PreparedStatement statement = connection.prepareStatement(STATUS)) {
      statement.setLong(1, keys.get(0).value());
      statement.setLong(2, keys.get(1).value());
      statement.setLong(3, keys.get(2).value());
      statement.setString(4, SessionName.waitsFor(key));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          int part = row.getInt(9) - 1;
          parts.get(part).add(new LockHolder(keys.get(part), sessionOf(row, 1)));
        }
      }
    }
    // Who has just got the lock says a moment later that it waits no more.
    parts.get(2).removeIf(waiter -> parts.get(0).stream().anyMatch(waiter::isSameSession));
    return new LockStatus(key, parts.get(0), parts.get(1), parts.get(2));
  }

  /**
   * A key that some session has.
   *
   * @param held false if the session only listens, and this is the waiting key
   */
  record NamedKey(long value, boolean held, String applicationName) {}

  static List<NamedKey> namedKeys(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(NAMED_KEYS)) {
      statement.setString(1, SessionName.HOLDS);
      statement.setString(2, SessionName.WAITS_FOR);
      try (ResultSet row = statement.executeQuery()) {
        List<NamedKey> keys = new ArrayList<>();
        while (row.next()) {
          keys.add(new NamedKey(row.getLong(1), row.getBoolean(2), row.getString(3)));
        }
        return keys;
      }
    }
  }

  static @Nullable LockHolder holder(Connection connection, LockKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(HOLDERS)) {
      return holder(statement, key);
    }
  }

  /** The same for a session that asks again and again: the plan costs more than the look. */
  static @Nullable LockHolder holderPlannedOnce(Connection connection, LockKey key)
      throws SQLException {
    try (PreparedStatement statement = prepareAtOnce(connection, HOLDERS)) {
      return holder(statement, key);
    }
  }

  private static @Nullable LockHolder holder(PreparedStatement statement, LockKey key)
      throws SQLException {
    statement.setLong(1, key.value());
    List<LockHolder> holders = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        if (!row.getBoolean(9)) {
          throw new SQLException(
              "permission denied for view pg_stat_activity", SqlStates.INSUFFICIENT_PRIVILEGE);
        }
        if (row.getInt(1) != 0) {
          holders.add(new LockHolder(key, sessionOf(row, 1)));
        }
      }
    }
    return holders.stream().min(OLDEST_FIRST).orElse(null);
  }

  private static ServerSession sessionOf(ResultSet row, int first) throws SQLException {
    Timestamp connectedSince = row.getTimestamp(first + 4); // older pools have no other way
    boolean hidden = connectedSince == null;
    return new ServerSession(
        row.getInt(first),
        emptyIfNull(row.getString(first + 1)),
        emptyIfNull(row.getString(first + 2)),
        row.getString(first + 3),
        hidden ? null : connectedSince.toInstant(),
        row.getString(first + 5),
        hidden ? null : Duration.ofMillis(Math.max(0, (long) (row.getDouble(first + 6) * 1_000))),
        hidden ? null : row.getString(first + 7));
  }

  /** The first session that shares the key and waits for a lock; null if none does. */
  static @Nullable Blockage blockage(Connection connection, LockKey workKey) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(BLOCKAGE)) {
      statement.setLong(1, workKey.value());
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? blockageOf(row) : null;
      }
    }
  }

  private static Blockage blockageOf(ResultSet row) throws SQLException {
    int pid = row.getInt(1);
    String statement = row.getBoolean(2) ? row.getString(3) : null;
    List<ServerSession> by = new ArrayList<>();
    do {
      by.add(sessionOf(row, 4));
    } while (row.next() && row.getInt(1) == pid);
    return new Blockage(pid, statement, by);
  }

  /** The sessions with the oldest transactions of those that hold locks on what is named. */
  static List<ServerSession> suspects(Connection connection, String names) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SUSPECTS)) {
      statement.setString(1, names.substring(0, Math.min(names.length(), LONGEST_STATEMENT)));
      List<ServerSession> suspects = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          suspects.add(sessionOf(row, 1));
        }
      }
      return suspects;
    }
  }

  static boolean terminate(Connection connection, LockHolder holder) throws SQLException {
    return terminate(TERMINATE, connection, holder);
  }

  /** Ends it only if it has been idle, in a transaction or not, for a second. */
  static boolean terminateIfIdle(Connection connection, LockHolder holder) throws SQLException {
    return terminate(TERMINATE_IF_IDLE, connection, holder);
  }

  private static boolean terminate(String sql, Connection connection, LockHolder holder)
      throws SQLException {
    if (holder.session().connectedSince() == null) {
      return false;
    }
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, holder.key().value());
      statement.setInt(2, holder.session().pid());
      statement.setObject(3, holder.session().connectedSince().atOffset(ZoneOffset.UTC));
      return firstBoolean(statement);
    }
  }

  /**
   * Begins a transaction on a connection in autocommit mode, in text as {@link #rollback} ends it.
   */
  static void begin(Connection connection) throws SQLException {
    execute(connection, "begin isolation level read committed");
  }

  /** Ends a transaction, also one that was begun in SQL on a connection in autocommit mode. */
  static void rollback(Connection connection) throws SQLException {
    execute(connection, "rollback");
  }

  static void terminateThisSession(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "select pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())")) {
      firstBoolean(statement);
    }
  }

  /** Any statement at all: a pool that hands it on notices that its connection has ended. */
  static void touch(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select true")) {
      firstBoolean(statement);
    }
  }

  /**
   * The statement, for people, that shows who holds a key in the database they are connected to.
   */
  static String showHolder(LockKey key) {
    return SHOW_HOLDER.formatted(key.classId(), key.objectId());
  }

  /** The statement, for people, that ends a holder. */
  static String endHolder(int pid) {
    return "select pg_catalog.pg_terminate_backend(" + pid + ");";
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static boolean answer(Connection connection, String sql, LockKey key)
      throws SQLException {
    return answerAndSet(connection, sql, key, Map.of(), "");
  }

  private static boolean answerAndSet(
      Connection connection, String sql, LockKey key, Map<String, String> settings, String set)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(sql + (", " + set).repeat(settings.size()))) {
      return answerAndSet(statement, key, settings);
    }
  }

  private static boolean answerAndSet(
      PreparedStatement statement, LockKey key, Map<String, String> settings) throws SQLException {
    statement.setLong(1, key.value());
    bind(statement, 2, settings);
    return firstBoolean(statement);
  }

  /** Returns the number of the parameter after the last that it has bound. */
  private static int bind(
      PreparedStatement statement, int firstParameter, Map<String, String> settings)
      throws SQLException {
    int parameter = firstParameter;
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      statement.setString(parameter++, setting.getKey());
      statement.setString(parameter++, setting.getValue());
    }
    return parameter;
  }

  private static boolean firstBoolean(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static ResultSet theRow(PreparedStatement statement) throws SQLException {
    return atRow(statement.executeQuery());
  }

  /** That of the first of several statements that go to the server together. */
  private static ResultSet theFirstRow(PreparedStatement statement) throws SQLException {
    statement.execute();
    return atRow(statement.getResultSet());
  }

  private static ResultSet atRow(ResultSet row) throws SQLException {
    if (!row.next()) {
      throw new SQLException("The server answered a select of constants with no row");
    }
    return row;
  }

  private static String emptyIfNull(@Nullable String text) {
    return text == null ? "" : text;
  }
}
