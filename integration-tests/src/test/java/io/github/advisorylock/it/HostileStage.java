package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * One database, one role without any privileges to speak of, and whatever makes life hard for a run
 * of either tool on it. All passwords are the same, so that it is easily seen whether one got out.
 */
final class HostileStage implements AutoCloseable {

  static final String PASSWORD = "hunter2-for-nobodys-eyes";

  /** How the run's own sessions call themselves until the lock gives them a name. */
  private static final String APPLICATION = "hostile";

  private static final String RELATIONS =
      """
      SELECT c.oid::regclass FROM pg_class c
       WHERE c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^inform')
         AND c.relkind IN ('r', 'i', 'S', 'v')
       ORDER BY 1""";

  private final Database database;
  private final LockProbe probe;
  private final Path folder;
  private final Login login;
  private final Login lockLogin;
  private final Transcript transcript = new Transcript();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Deque<Cleanup> toClose = new ArrayDeque<>();
  private final List<Connection> hostile = new ArrayList<>();
  private Migrations migrations =
      new Migrations()
          .versioned(
              "1",
              "one",
              "CREATE TABLE public.one AS SELECT string_agg(application_name, ', ') AS names"
                  + " FROM pg_catalog.pg_stat_get_activity(NULL)");
  private ConnectionHook hook = (connection, number) -> connection;
  private LockListener listener = LockListener.NONE;
  private String urlParameters = "loginTimeout=60";
  private int connections;
  private HostileRun run;
  private int somebodysPid;
  private List<String> relationsBefore = List.of();
  private Throwable failure;

  /** What somebody does to the connections that a tool gets, counted from 1. */
  interface ConnectionHook {
    Connection apply(Connection connection, int number) throws SQLException;
  }

  /** What is still to be done when a run is over. */
  interface Cleanup {
    void run() throws SQLException;
  }

  HostileStage(Server server, Path folder) {
    this.database = server.freshDatabase();
    this.probe = new LockProbe(database);
    this.folder = folder;
    database.execute("SET log_statement = 'none'"); // the roles' passwords are ours to hide
    this.login = createLogin();
    this.lockLogin = createLogin();
    toClose.push(transcript.ofCore());
  }

  private Login createLogin() {
    Login created =
        database.createLogin(
            "GRANT ALL ON SCHEMA public TO :role",
            "GRANT CREATE ON DATABASE %s TO :role".formatted(database.name()),
            "ALTER ROLE :role PASSWORD '%s'".formatted(PASSWORD));
    return new Login(created.user(), PASSWORD);
  }

  Database database() {
    return database;
  }

  Path folder() {
    return folder;
  }

  /** Whose migrations run. */
  Login login() {
    return login;
  }

  /** Who holds the lock where that has a connection of its own. */
  Login lockLogin() {
    return lockLogin;
  }

  Transcript transcript() {
    return transcript;
  }

  Map<String, String> settings() {
    return settings;
  }

  Migrations migrations() {
    return migrations;
  }

  LockListener listener() {
    return listener;
  }

  void listener(LockListener added) {
    listener = added;
  }

  void migrations(Migrations added) {
    migrations = added;
  }

  void hook(ConnectionHook added) {
    hook = added;
  }

  String url() {
    return database.url(APPLICATION) + "&" + parameters();
  }

  /** What a user added to the URL. */
  private String parameters() {
    return urlParameters;
  }

  /** Which of the tool's connections is the lock's: Flyway has opened one before. */
  int lockConnection() {
    return run == HostileRun.FLYWAY ? 2 : 1;
  }

  void parameters(String added) {
    urlParameters = added;
  }

  /** A connection for a tool, or what somebody made of it. */
  Connection connect() throws SQLException {
    Connection opened = DriverManager.getConnection(url(), login.user(), login.password());
    int number;
    synchronized (this) {
      number = ++connections;
    }
    return hook.apply(opened, number);
  }

  /** Runs statements as an administrator; see {@link #filled}. */
  void execute(String... statements) {
    for (String sql : statements) {
      database.execute(filled(sql));
    }
  }

  /** Puts names and keys in for {@code :role}, {@code :lockRole}, {@code :key} and the like. */
  String filled(String sql) {
    LockKey key = LockKey.MIGRATION;
    return sql.replace(":database", database.name())
        .replace(":lockRole", lockLogin.user())
        .replace(":role", login.user())
        .replace(":key", "(" + key.value() + ")::bigint")
        .replace(":class", (int) (key.value() >> 32) + "::int")
        .replace(":object", (int) key.value() + "::int")
        .replace(":work", "(" + key.forWork().value() + ")::bigint");
  }

  /** Somebody else's session, which did this and stays until {@link #letGo}. */
  Connection somebody(Login who, String... statements) throws SQLException {
    Connection connection = database.connect(who);
    if (somebodysPid == 0) {
      somebodysPid = connection.unwrap(PGConnection.class).getBackendPID(); // no search path
    }
    hostile.add(connection);
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(filled(sql));
      }
    }
    return connection;
  }

  /** Ends the sessions of everybody else. */
  void letGo() {
    try {
      for (Connection connection : hostile) {
        connection.close();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    hostile.clear();
  }

  /** Like {@link #filled}, and with the process id of the first somebody for {@code :pid}. */
  String filledWithPid(String words) {
    return filled(words.replace(":pid", Integer.toString(somebodysPid)));
  }

  void closeAtEnd(Cleanup cleanup) {
    toClose.push(cleanup);
  }

  List<String> relations() {
    return database.list(RELATIONS);
  }

  /** Runs to its end in such surroundings, however that is. */
  void run(HostileRun which, Hostility hostility) throws Exception {
    run = which;
    hostility.prepare(this);
    relationsBefore = relations();
    failure = LiquibaseThread.start(() -> run.on(this)).failure();
    if (failure != null) {
      transcript.add(Throwables.everythingAbout(failure));
    }
  }

  /** How the run failed; null if it did not. */
  Throwable failure() {
    return failure;
  }

  List<String> relationsBefore() {
    return relationsBefore;
  }

  /** Whether the migration's table is there. */
  boolean isMigrated() {
    return exists("one");
  }

  boolean exists(String table) {
    return relations().contains(table);
  }

  /** Nothing stays locked although connections that belong to others are still open. */
  void assertNothingHeld() {
    probe.awaitUntil(
        () ->
            probe.advisoryLocks().stream()
                .allMatch(lock -> lock.pid() == 0 || lock.application().equals(Database.HARNESS)),
        "no session of the run holds an advisory lock");
  }

  /** A server without room for locks does not answer questions about them either. */
  void awaitRoom() {
    Await.until(
        () -> {
          try {
            return probe.advisoryLocks().isEmpty();
          } catch (IllegalStateException e) {
            return false;
          }
        },
        "the server has room for locks",
        transcript::toString);
  }

  /** Neither log nor failure nor any session's name may tell a password. */
  void assertNoPasswordTold() {
    assertThat(transcript.toString()).doesNotContain(PASSWORD);
    if (isMigrated()) {
      assertThat(database.list("SELECT names FROM public.one")).noneMatch(this::tellsPassword);
    }
  }

  private boolean tellsPassword(String names) {
    return names.contains(PASSWORD);
  }

  /** Ends everybody, and makes sure that nothing is left. */
  void assertNothingLeft() throws SQLException {
    letGo();
    closeAll();
    probe.awaitNothingLeft();
  }

  private void closeAll() throws SQLException {
    while (!toClose.isEmpty()) {
      toClose.pop().run();
    }
  }

  String dump() {
    return transcript + "\n" + probe.dump();
  }

  @Override
  public void close() throws SQLException {
    try {
      letGo();
      closeAll();
    } finally {
      database.close();
    }
  }
}
