package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One session on a {@link FakeServer}. */
final class FakeBackend {

  private record Lock(long key, boolean shared, boolean forTransaction) {}

  private static final Pattern DERIVED =
      Pattern.compile("(?s)select (.*)\\sfrom \\(select (.*) as \\w+ offset 0\\) \\w\\s*");
  private static final Pattern CONDITIONAL =
      Pattern.compile("(?s)case when (t.granted|t.unbound|t.never|\\?) then (.*) end");
  private static final String NOBODY_LISTENS =
      "\n         and not exists (select from pg_catalog.pg_listening_channels())";

  private static final String IS_NOT_TRUE =
      " operator(pg_catalog.=) 'true'::pg_catalog.text) is not true";

  private static final int STRANGER = 66;

  static final OffsetDateTime STARTED = OffsetDateTime.parse("2026-01-02T03:04:05.678901Z");

  private final FakeServer server;
  private final int pid;
  private final List<Lock> locks = new ArrayList<>();
  private Map<String, String> settings;

  /** What the settings will be after a commit, and after a rollback; null outside. */
  private Map<String, String> committed;

  private Map<String, String> before;
  private Map<String, String> settingsAtUnlock = Map.of();
  private final Set<String> channels = new TreeSet<>();
  private final List<Integer> notifiers = new ArrayList<>();
  private boolean failed;
  private boolean savepoint;
  private boolean snapshot;
  private int snapshotsInTransaction;
  private boolean ended;

  /** What the columns of the statement at work depend on. */
  private Boolean given;

  private final Set<String> relations = new TreeSet<>();
  private List<FakeBackend> blockers = List.of();
  private String state = "idle";
  private Duration transactionAge = Duration.ZERO;
  private boolean written;
  private Duration stateFor = Duration.ofMillis(2_500);

  FakeBackend(FakeServer server, int pid, Map<String, String> settings) {
    this.server = server;
    this.pid = pid;
    this.settings = new LinkedHashMap<>(settings);
  }

  /** How {@code pg_stat_activity} shows it. */
  FakeBackend showing(String activity, Duration since) {
    state = activity;
    stateFor = since;
    return this;
  }

  /** Holds a lock on a table. */
  FakeBackend locking(String relation) {
    relations.add(relation);
    return this;
  }

  /** Begins a transaction that is so old, and that has written something or not. */
  FakeBackend inTransactionFor(Duration age, boolean writing) {
    begin();
    transactionAge = age;
    written = writing;
    return this;
  }

  /** Waits for others, from now on. */
  void waitFor(FakeBackend... others) {
    blockers = List.of(others);
  }

  FakeBackend holding(LockKey key) {
    locks.add(new Lock(key.value(), false, false));
    return this;
  }

  FakeBackend sharing(LockKey key) {
    locks.add(new Lock(key.value(), true, false));
    return this;
  }

  FakeBackend named(String applicationName) {
    settings.put("application_name", applicationName);
    return this;
  }

  /** What {@code pg_advisory_unlock_all} does. */
  void unlockAll() {
    locks.clear();
  }

  void end() {
    ended = true;
    locks.clear();
    committed = null;
    channels.clear();
  }

  boolean listensOn(String channel) {
    return channels.contains(channel);
  }

  /** Listens as somebody else on this session would. */
  FakeBackend listening(String channel) {
    channels.add(channel);
    return this;
  }

  Set<String> channels() {
    return channels;
  }

  /** Is notified by a session that holds nothing. */
  void notifyOnce() {
    notifyBy(STRANGER);
  }

  void notifyBy(int sender) {
    notifiers.add(sender);
  }

  /** The notifications that have come since this was asked last. */
  int takeNotifications() {
    return takeNotifiers().size();
  }

  /** The process ids of the sessions from which those came. */
  List<Integer> takeNotifiers() {
    List<Integer> taken = List.copyOf(notifiers);
    notifiers.clear();
    return taken;
  }

  boolean hasEnded() {
    return ended;
  }

  int pid() {
    return pid;
  }

  Map<String, String> settings() {
    return settings;
  }

  /** Those that are not as the server has them by default. */
  private List<String> setInSession() {
    return settings.entrySet().stream()
        .filter(setting -> !setting.getValue().equals(server.defaults().get(setting.getKey())))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Those that were in force when something was unlocked last. */
  Map<String, String> settingsAtUnlock() {
    return settingsAtUnlock;
  }

  boolean isInTransaction() {
    return committed != null;
  }

  boolean hasSnapshot() {
    return snapshot;
  }

  /** How many it has had within transactions, each of which others may wait for until its end. */
  int snapshotsInTransaction() {
    return snapshotsInTransaction;
  }

  boolean hasSavepoint() {
    return savepoint;
  }

  boolean holds(long key) {
    return locks.stream().anyMatch(lock -> lock.key == key);
  }

  boolean holdsAny() {
    return !locks.isEmpty();
  }

  boolean holdsForTransaction(LockKey key) {
    return locks.stream().anyMatch(lock -> lock.key == key.value() && lock.forTransaction);
  }

  void begin() {
    committed = new LinkedHashMap<>(settings);
    before = new LinkedHashMap<>(settings);
  }

  void commit() {
    finish(failed ? before : committed);
  }

  void rollback() {
    finish(before);
  }

  private void finish(Map<String, String> left) {
    if (isInTransaction()) {
      settings = left;
      locks.removeIf(Lock::forTransaction);
      committed = null;
      failed = false;
      savepoint = false;
      snapshot = false;
    }
  }

  /** What the server does to a transaction when a statement fails. */
  void fail() {
    failed = isInTransaction();
  }

  /** The rows; none for a statement that has no answer. */
  List<List<Object>> execute(String sql, List<Object> parameters) throws SQLException {
    if (ended) {
      throw new SQLException("terminating connection due to administrator command", "57P01");
    }
    try {
      return run(sql.strip(), parameters.iterator());
    } catch (SQLException e) {
      fail();
      throw e;
    }
  }

  private List<List<Object>> run(String sql, Iterator<Object> parameters) throws SQLException {
    if (server.hasRevoked(sql)) {
      throw new SQLException("permission denied for function", "42501");
    }
    if (failed && !sql.startsWith("rollback")) {
      throw new SQLException("current transaction is aborted", "25P02");
    }
    snapshot = sql.startsWith("select") && isInTransaction();
    snapshotsInTransaction += snapshot ? 1 : 0;
    switch (sql) {
      case "rollback" -> rollback();
      case "begin isolation level read committed" -> begin();
      case "savepoint advisory_lock" -> savepoint = isInTransaction();
      case "rollback to savepoint advisory_lock" -> failed = failed && !savepoint;
      case "release savepoint advisory_lock" -> savepoint = false;
      default -> {
        if (sql.startsWith("listen ")) {
          channels.add(sql.substring("listen ".length()));
        } else if (sql.startsWith("unlisten ")) {
          channels.remove(sql.substring("unlisten ".length()));
        } else if (sql.startsWith("set local ")) {
          String[] nameAndValue = sql.substring("set local ".length()).split(" = ", -1);
          set(nameAndValue[0], nameAndValue[1], true);
        } else if (sql.startsWith("show ")) {
          return List.of(List.of(show(sql.substring("show ".length()))));
        } else {
          return select(sql, parameters);
        }
      }
    }
    return List.of();
  }

  private List<List<Object>> select(String sql, Iterator<Object> parameters) throws SQLException {
    if (sql.startsWith("select s.name, s.setting")) {
      return Stream.of(((String) parameters.next()).split(","))
          .filter(settings::containsKey)
          .map(name -> List.<Object>of(name, settings.get(name), setInSession().contains(name)))
          .toList();
    }
    if (sql.startsWith("select p.proname")) {
      return server.missingPrivileges();
    }
    if (sql.contains("pg_get_userbyid")) {
      return holders((Long) parameters.next());
    }
    if (sql.startsWith("select s.pid, ")) {
      return status(parameters);
    }
    if (sql.startsWith("select n.key, n.held")) {
      String holds = (String) parameters.next();
      String waitsFor = (String) parameters.next();
      return server.backends().flatMap(backend -> backend.namedKeys(holds, waitsFor)).toList();
    }
    if (sql.startsWith("select w.pid")) {
      return blockages((Long) parameters.next());
    }
    if (sql.startsWith("select a.pid")) {
      return suspects((String) parameters.next());
    }
    if (sql.startsWith("select pg_catalog.pg_terminate_backend(l.pid)")) {
      return terminate(parameters, sql.contains("'idle'"));
    }
    if (sql.startsWith("select pg_catalog.pg_current_xact_id_if_assigned() is null")) {
      return List.of(List.of(!written));
    }
    if (sql.startsWith("select pg_catalog.transaction_timestamp()")) {
      return List.of(List.of(STARTED, STARTED.plus(transactionAge)));
    }
    Matcher derived = DERIVED.matcher(sql);
    return List.of(
        derived.matches()
            ? rowFrom(derived.group(2), derived.group(1), parameters)
            : row(sql.substring("select ".length()), parameters));
  }

  private List<Object> row(String list, Iterator<Object> parameters) throws SQLException {
    List<Object> row = new ArrayList<>();
    for (String column : columns(list)) {
      row.add(answer(column.strip(), parameters));
    }
    return row;
  }

  /** A row whose columns depend on one answer, which comes first although its text is last. */
  private List<Object> rowFrom(String source, String list, Iterator<Object> parameters)
      throws SQLException {
    List<Object> own = new ArrayList<>();
    list.chars().filter(c -> c == '?').forEach(c -> own.add(parameters.next()));
    if (list.contains("pg_notify") && "42501".equals(server.failureToNotify())) {
      throw new SQLException("permission denied for function pg_notify", "42501");
    }
    given = (Boolean) answer(source, parameters);
    List<Object> row = row(list, own.iterator());
    if (list.contains("pg_notify") && given != null && server.failureToNotify() != null) {
      throw new SQLException("too many notifications", server.failureToNotify());
    }
    return row;
  }

  private Object answerIf(boolean condition, String column, Iterator<Object> parameters)
      throws SQLException {
    if (condition) {
      return answer(column, parameters);
    }
    column.chars().filter(c -> c == '?').forEach(c -> parameters.next());
    return null;
  }

  /** Splits at the commas that no parenthesis encloses. */
  private static List<String> columns(String list) {
    List<String> columns = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && depth == 0) {
        columns.add(list.substring(start, i));
        start = i + 1;
      }
    }
    columns.add(list.substring(start));
    return columns;
  }

  private Object answer(String column, Iterator<Object> parameters) throws SQLException {
    Matcher conditional = CONDITIONAL.matcher(column);
    if (conditional.matches()) {
      boolean condition =
          conditional.group(1).equals("?")
              ? (Boolean) parameters.next()
              : Boolean.TRUE.equals(given);
      return answerIf(condition, conditional.group(2), parameters);
    }
    if (column.startsWith("case when pg_catalog.current_setting(?) ")) {
      boolean unchanged = show((String) parameters.next()).equals(parameters.next());
      return answerIf(unchanged, column.replaceFirst("(?s).* then (.*) end", "$1"), parameters);
    }
    if (column.startsWith("t.granted and ")) {
      Object answer = answerIf(given, column.substring("t.granted and ".length()), parameters);
      return answer == null ? false : answer;
    }
    if (column.endsWith(NOBODY_LISTENS)) {
      Object answer =
          answer(column.substring(0, column.length() - NOBODY_LISTENS.length()), parameters);
      return channels.isEmpty() ? answer : false;
    }
    if (column.endsWith(IS_NOT_TRUE)) {
      String value = column.substring("(".length(), column.length() - IS_NOT_TRUE.length());
      return !"true".equals(answer(value, parameters));
    }
    if (column.equals("t.granted") || column.equals("u.unlocked")) {
      return given;
    }
    if (column.equals("true") || column.equals("false")) {
      return column.equals("true");
    }
    if (column.startsWith("'PostgreSQL'::")) {
      return "PostgreSQL";
    }
    if (column.startsWith("null::")) {
      return null;
    }
    if (column.startsWith("array(select s.name from pg_catalog.pg_settings s")) {
      return setInSession().toString().replace("[", "{").replace("]", "}").replace(" ", "");
    }
    if (column.startsWith("(select pg_catalog.count(*) from pg_catalog.pg_locks")) {
      return (int) server.holding((Long) parameters.next()).count();
    }
    if (column.startsWith("(select pg_catalog.pg_notify(")) {
      long waitingKey = (Long) parameters.next();
      if (Boolean.TRUE.equals(given)) {
        server
            .holding(waitingKey)
            .filter(backend -> backend != this)
            .findFirst()
            .flatMap(picked -> server.listeningOn("advisory_lock_" + picked.pid).findFirst())
            .ifPresent(woken -> woken.notifiers.add(pid));
      }
      return null;
    }
    if (column.startsWith("exists (select from pg_catalog.pg_locks")) {
      long key = (Long) parameters.next();
      int holder =
          column.contains("l.pid operator(pg_catalog.=) ?") ? (Integer) parameters.next() : pid;
      return server
          .holding(key)
          .anyMatch(
              backend ->
                  backend.pid == holder
                      && backend.locks.stream().anyMatch(l -> l.key == key && !l.shared));
    }
    if (column.startsWith("(select pg_catalog.min(l.pid) from pg_catalog.pg_locks")) {
      return server
          .holding((Long) parameters.next())
          .filter(backend -> backend != this)
          .map(FakeBackend::pid)
          .findFirst()
          .orElse(null);
    }
    String function = column.replaceFirst("(?s)^pg_catalog\\.(\\w+)\\(.*", "$1");
    return switch (function) {
      case "pg_backend_pid" -> pid;
      case "version" -> server.version();
      case "pg_is_in_recovery" -> server.isStandby();
      case "current_setting" -> settings.get(column.replaceFirst("(?s).*\\('([\\w.]+)'.*", "$1"));
      case "set_config" ->
          set((String) parameters.next(), (String) parameters.next(), column.endsWith("true)"));
      case "pg_try_advisory_lock" -> lock((Long) parameters.next(), false, false);
      case "pg_try_advisory_xact_lock" -> lock((Long) parameters.next(), false, true);
      case "pg_try_advisory_lock_shared" -> lock((Long) parameters.next(), true, false);
      case "pg_try_advisory_xact_lock_shared" -> lock((Long) parameters.next(), true, true);
      case "pg_advisory_unlock" -> unlock((Long) parameters.next(), false);
      case "pg_advisory_unlock_shared" -> unlock((Long) parameters.next(), true);
      case "pg_terminate_backend" -> {
        end();
        throw new SQLException("terminating connection due to administrator command", "57P01");
      }
      default -> throw new SQLException("syntax error at or near \"" + column + '"', "42601");
    };
  }

  private String show(String name) throws SQLException {
    if (!settings.containsKey(name)) {
      throw unrecognized(name);
    }
    return settings.get(name);
  }

  private static SQLException unrecognized(String name) {
    return new SQLException("unrecognized configuration parameter \"" + name + '"', "42704");
  }

  /** Outside a transaction a local setting is gone with the statement. */
  private String set(String name, String value, boolean local) throws SQLException {
    if (!settings.containsKey(name) && !name.contains(".")) { // the server's own have no dot
      throw unrecognized(name);
    }
    String set = value == null ? server.defaults().get(name) : value;
    if (isInTransaction() || !local) {
      settings.put(name, set);
    }
    if (isInTransaction() && !local) {
      committed.put(name, set);
    }
    return set;
  }

  private boolean lock(long key, boolean shared, boolean forTransaction) {
    boolean free =
        server
            .holding(key)
            .filter(backend -> backend != this)
            .flatMap(backend -> backend.locks.stream())
            .allMatch(lock -> lock.key != key || (lock.shared && shared));
    if (free && !server.isPretending() && (isInTransaction() || !forTransaction)) {
      locks.add(new Lock(key, shared, forTransaction));
    }
    return free;
  }

  private boolean unlock(long key, boolean shared) {
    settingsAtUnlock = Map.copyOf(settings);
    return locks.remove(new Lock(key, shared, false));
  }

  private List<Object> activity() {
    boolean hidden = server.isHidingBackends();
    return Arrays.asList(
        pid,
        hidden ? null : "app",
        settings.get("application_name"),
        hidden ? null : "10.0.0.7",
        hidden ? null : STARTED.plusSeconds(pid),
        hidden ? null : state,
        hidden ? null : stateFor.toMillis() / 1_000.0,
        hidden ? "<insufficient privilege>" : "select " + pid);
  }

  /** One row at least: each says besides that the view may be read. */
  private List<List<Object>> holders(long key) {
    List<List<Object>> rows = new ArrayList<>();
    server.holding(key).forEach(backend -> rows.add(new ArrayList<>(backend.activity())));
    if (rows.isEmpty()) {
      rows.add(new ArrayList<>(Collections.nCopies(8, null)));
    }
    rows.forEach(row -> row.add(true));
    return rows;
  }

  private List<List<Object>> status(Iterator<Object> parameters) {
    List<List<Object>> rows = new ArrayList<>();
    for (int part = 1; part <= 3; part++) {
      long key = (Long) parameters.next();
      int number = part;
      server
          .backends()
          .filter(backend -> backend.holds(key))
          .forEach(backend -> rows.add(backend.activity(number)));
    }
    String waitsFor = (String) parameters.next();
    server
        .backends()
        .filter(backend -> !backend.ended && backend.name().contains(waitsFor))
        .map(backend -> backend.activity(3))
        .filter(row -> !rows.contains(row))
        .forEach(rows::add);
    return rows;
  }

  private List<Object> activity(int part) {
    List<Object> row = new ArrayList<>(activity());
    row.add(part);
    return row;
  }

  private Stream<List<Object>> namedKeys(String holds, String waitsFor) {
    return locks.stream()
        .filter(lock -> name().contains(lock.shared ? waitsFor : holds))
        .map(lock -> List.of(lock.key, !lock.shared, name()));
  }

  private String name() {
    return settings.get("application_name");
  }

  private List<List<Object>> blockages(long workKey) {
    List<List<Object>> rows = new ArrayList<>();
    server
        .holding(workKey)
        .forEach(
            worker ->
                worker.blockers.forEach(
                    blocker -> {
                      List<Object> row = new ArrayList<>();
                      row.addAll(
                          List.of(
                              worker.pid, !server.isHidingBackends(), worker.activity().get(7)));
                      row.addAll(blocker.activity());
                      rows.add(row);
                    }));
    return rows;
  }

  private List<List<Object>> suspects(String names) {
    List<String> words = List.of(names.split("\\W+", -1));
    return server
        .backends()
        .filter(backend -> backend != this && backend.relations.stream().anyMatch(words::contains))
        .map(FakeBackend::activity)
        .toList();
  }

  private List<List<Object>> terminate(Iterator<Object> parameters, boolean ifIdle)
      throws SQLException {
    List<FakeBackend> holders = server.holding((Long) parameters.next()).toList();
    Object itsPid = parameters.next();
    Object itsStart = parameters.next();
    for (FakeBackend holder : holders) {
      if (itsPid.equals(holder.pid)
          && itsStart.equals(STARTED.plusSeconds(holder.pid))
          && (!ifIdle
              || (holder.state.startsWith("idle")
                  && holder.stateFor.compareTo(Duration.ofSeconds(1)) > 0))) {
        if (server.isProtectingBackends()) {
          throw new SQLException("permission denied to terminate process", "42501");
        }
        if (!server.isIgnoringTermination()) {
          holder.end();
        }
        return List.of(List.of(true));
      }
    }
    return List.of();
  }
}
