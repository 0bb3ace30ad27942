package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What Liquibase does to a transaction that is open on the connection it is given, and to what the
 * caller or a pool has set up there. The expectation is recorded from Liquibase with {@code
 * active=false}, on a separate database.
 */
class LiquibaseTransactionIT {

  private static final String RELATIONS =
      """
      SELECT concat_ws(' ', n.nspname, c.relname, c.relkind, pg_get_userbyid(c.relowner))
        FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       ORDER BY 1""";

  private static final String SESSION = "session";

  private static final String[] CALLERS_WORK = {
    "INSERT INTO caller.work VALUES (1)", "CREATE SCHEMA acme"
  };

  @TempDir Path folder;

  /** What an earlier run has left of the history. */
  enum History {
    ABSENT,
    OUTDATED,
    PENDING,
    UP_TO_DATE
  }

  /** A command with its arguments. */
  private record Command(String name, Map<String, Object> arguments) {
    static Command of(String name) {
      return new Command(name, Map.of());
    }

    static Command ofChangelog(String name, Object... arguments) {
      Map<String, Object> all = new LinkedHashMap<>(arguments(arguments));
      all.put("changelogFile", Migrations.CHANGELOG);
      return new Command(name, all);
    }

    static Map<String, Object> arguments(Object... pairs) {
      Map<String, Object> arguments = new LinkedHashMap<>();
      for (int i = 0; i < pairs.length; i += 2) {
        arguments.put((String) pairs[i], pairs[i + 1]);
      }
      return arguments;
    }
  }

  private static final List<Command> COMMANDS =
      List.of(
          Command.ofChangelog("update"),
          Command.ofChangelog("updateCount", "count", 1),
          Command.ofChangelog("updateSql"),
          Command.ofChangelog("updateCountSql", "count", 1),
          Command.ofChangelog("updateTestingRollback"),
          Command.ofChangelog("status"),
          Command.ofChangelog("validate"),
          Command.ofChangelog("unexpectedChangesets"),
          Command.ofChangelog("changelogSync"),
          Command.ofChangelog("changelogSyncSql"),
          Command.ofChangelog("markNextChangesetRan"),
          Command.ofChangelog("rollbackCount", "count", 1),
          Command.ofChangelog("rollbackCountSql", "count", 1),
          Command.ofChangelog("futureRollbackSql"),
          new Command("tag", Map.of("tag", "v1")),
          new Command("tagExists", Map.of("tag", "v1")),
          new Command("executeSql", Map.of("sql", "SELECT 1")),
          Command.of("clearChecksums"),
          Command.of("history"),
          Command.of("listLocks"),
          Command.of("dropAll"));

  /** A command on a connection of the caller. */
  private record Case(Command command, History history, boolean autoCommit) {
    @Override
    public String toString() {
      return "%s, history %s, autocommit %s"
          .formatted(command.name(), history, autoCommit ? "on" : "off");
    }
  }

  /**
   * Without a history, execute-sql creates one table with Liquibase alone, and both with the jar.
   */
  private static boolean isComparable(Case one) {
    return one.history() != History.ABSENT || !one.command().name().equals("executeSql");
  }

  private static Stream<Case> cases() {
    return COMMANDS.stream()
        .flatMap(
            command ->
                Arrays.stream(History.values())
                    .flatMap(
                        history ->
                            Stream.of(true, false)
                                .map(autoCommit -> new Case(command, history, autoCommit))))
        .filter(LiquibaseTransactionIT::isComparable);
  }

  @BeforeEach
  void writeChangelogs() {
    changelog(1).writeTo(folder.resolve("1"), Tool.LIQUIBASE);
    changelog(2).writeTo(folder.resolve("2"), Tool.LIQUIBASE);
    changelog(3).writeTo(folder.resolve("3"), Tool.LIQUIBASE);
  }

  private static Migrations changelog(int length) {
    Migrations migrations = new Migrations();
    for (int i = 1; i <= length; i++) {
      migrations
          .versioned(String.valueOf(i), "t" + i, "CREATE TABLE t%d (id int)".formatted(i))
          .rollback("DROP TABLE t" + i);
    }
    return migrations;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldTreatTheCallersTransactionAsLiquibaseDoes(Case one) throws Exception {
    Map<String, Object> stock = run(one, false);
    Map<String, Object> locked = run(one, true);

    if (locked.get(SESSION).equals("[idle]")) {
      stock.put(SESSION, "[idle]"); // it need not keep a transaction of Liquibase's own
    }
    assertThat(locked).isEqualTo(stock);
  }

  private Map<String, Object> run(Case one, boolean active) throws Exception {
    try (Database database = Server.get().freshDatabase()) {
      database.execute("CREATE SCHEMA caller", "CREATE TABLE caller.work (id int)");
      prepare(database, one.history());
      try (Connection connection = connect(database, database.owner())) {
        connection.setAutoCommit(one.autoCommit());
        execute(connection, CALLERS_WORK);
        Map<String, Object> trace = new LinkedHashMap<>();
        LocalLiquibase liquibase =
            LocalLiquibase.on(
                    connection, folder.resolve(one.history() == History.PENDING ? "2" : "1"))
                .with(LocalLiquibaseScene.SETTINGS + "active", String.valueOf(active));
        try {
          liquibase.run(one.command().name(), one.command().arguments());
          trace.put("outcome", "ok");
        } catch (Exception e) {
          trace.put("outcome", cause(e));
        }
        record(database, connection, trace);
        return trace;
      }
    }
  }

  /** By stock Liquibase, so that both sides begin alike. */
  private void prepare(Database database, History history) throws Exception {
    if (history == History.ABSENT) {
      return;
    }
    try (LocalLiquibase stock =
        LocalLiquibase.on(connect(database, database.owner()), folder.resolve("1"))
            .with(LocalLiquibaseScene.SETTINGS + "active", "false")) {
      stock.update();
    }
    if (history == History.OUTDATED) {
      database.execute("ALTER TABLE databasechangelog DROP COLUMN deployment_id");
    }
  }

  private static void record(Database database, Connection connection, Map<String, Object> trace)
      throws SQLException {
    trace.put(
        SESSION,
        new LockProbe(database)
            .resting(session -> true).stream()
                .map(session -> session.state() + (session.snapshot() ? " with a snapshot" : ""))
                .toList());
    trace.put("advisory locks", new LockProbe(database).advisoryLocks());
    trace.put("work that is committed", database.count("SELECT count(*) FROM caller.work"));
    trace.put("relations", database.list(RELATIONS));
    trace.put(
        "history",
        ifExists(
            database,
            "databasechangelog",
            "SELECT concat_ws(' ', regexp_replace(id, '[0-9]{13}', 'time'), exectype, orderexecuted, tag, md5sum) FROM %s ORDER BY 1"));
    trace.put(
        "rows of the lock table",
        ifExists(
            database,
            "databasechangeloglock",
            "SELECT concat_ws(' ', id, locked, lockgranted, lockedby) FROM %s"));
    trace.put("autocommit", connection.getAutoCommit());
    trace.put(
        "work that the connection sees", seen(connection, "SELECT count(*) FROM caller.work"));
    trace.put("search path", seen(connection, "SHOW search_path"));
    trace.put("role", seen(connection, "SELECT current_user"));
    if (!connection.getAutoCommit()) {
      connection.rollback();
    }
    trace.put("search path after a rollback", seen(connection, "SHOW search_path"));
    trace.put("role after a rollback", seen(connection, "SELECT current_user"));
    trace.replaceAll((name, value) -> value.toString().replace(database.name(), "database"));
  }

  private static List<String> ifExists(Database database, String table, String query) {
    return database
        .list("SELECT oid::regclass::text FROM pg_class WHERE relname = '%s'".formatted(table))
        .stream()
        .flatMap(found -> database.list(query.formatted(found)).stream())
        .toList();
  }

  private static String seen(Connection connection, String query) {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      return e.getMessage();
    }
  }

  private static String cause(Exception failure) {
    SQLException sql = Throwables.find(failure, SQLException.class);
    Throwable cause = sql == null ? failure : sql;
    return String.valueOf(cause.getMessage());
  }

  private static Connection connect(Database database, Login login) throws SQLException {
    return DriverManager.getConnection(database.url("local"), login.user(), login.password());
  }

  private static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The jar asks the catalog more than Liquibase does, and may not be allowed to. */
  @Test
  void shouldKeepTheCallersWorkWhenTheCatalogCannotBeAsked() throws Exception {
    try (Database database = Server.get().freshDatabase()) {
      prepare(database, History.UP_TO_DATE);
      Login login =
          database.createLogin(
              "GRANT ALL ON ALL TABLES IN SCHEMA public TO :role",
              "CREATE TABLE work (id int)",
              "GRANT ALL ON work TO :role",
              "REVOKE EXECUTE ON FUNCTION pg_catalog.has_table_privilege(oid, text) FROM PUBLIC");
      try (Connection connection = connect(database, login)) {
        connection.setAutoCommit(false);
        execute(connection, "INSERT INTO work VALUES (1)");

        LocalLiquibase.on(connection, folder.resolve("1")).run("listLocks", Map.of());

        assertThat(seen(connection, "SELECT count(*) FROM work")).isEqualTo("1");
        assertThat(database.count("SELECT count(*) FROM work")).isZero();
      }
    }
  }

  /** A program that inserts a tenant, creates its schema, and fills that, before it commits. */
  @Test
  void shouldUpdateASchemaThatTheCallerHasNotCommitted() throws Exception {
    try (Database database = Server.get().freshDatabase();
        Connection connection = connect(database, database.owner())) {
      database.execute("CREATE TABLE tenants (name text)");
      connection.setAutoCommit(false);
      execute(connection, "INSERT INTO tenants VALUES ('acme')", "CREATE SCHEMA acme");
      LocalLiquibase liquibase = LocalLiquibase.on(connection, folder.resolve("1"));
      liquibase.database().setDefaultSchemaName("acme");

      liquibase.update();

      assertThat(database.list("SELECT name FROM tenants")).containsExactly("acme");
      assertThat(database.list("SELECT id FROM acme.databasechangelog")).containsExactly("1");
    }
  }

  /** Such a run would still have to be committed when the lock is released. */
  @Test
  void shouldRefuseAConnectionThatOnlySetsSavepoints() throws Exception {
    try (Database database = Server.get().freshDatabase();
        Connection connection = connect(database, database.owner())) {
      prepare(database, History.PENDING);
      database.execute("CREATE TABLE work (id int)");
      connection.setAutoCommit(false);
      execute(connection, "INSERT INTO work VALUES (1)");
      LocalLiquibase liquibase =
          LocalLiquibase.on(SavepointConnection.of(connection), folder.resolve("2"));

      assertThatThrownBy(liquibase::update)
          .hasMessageContaining("its connection is in the middle of a transaction");

      assertThat(seen(connection, "SELECT count(*) FROM work")).isEqualTo("1");
      assertThat(database.count("SELECT count(*) FROM work")).isZero();
      assertThat(database.list("SELECT id FROM databasechangelog")).containsExactly("1");
      assertThat(new LockProbe(database).advisoryLocks()).isEmpty();
    }
  }

  /** A pool of one connection, and how it sets that up. */
  enum SetUp {
    HIKARI_ROLE {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return hikari(url, login, "SET ROLE " + role, null, false);
      }
    },
    HIKARI_ROLE_AND_SCHEMA {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return hikari(url, login, "SET ROLE " + role, "app", false);
      }
    },
    HIKARI_SCHEMA {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return hikari(url, login, null, "app", false);
      }
    },
    HIKARI_SEARCH_PATH {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return hikari(url, login, "SET search_path = app", null, false);
      }
    },
    HIKARI_SEARCH_PATH_WITH_AUTOCOMMIT {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return hikari(url, login, "SET search_path = app", null, true);
      }
    },
    DBCP2_SCHEMA {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return dbcp2(url, login, "app", List.of());
      }
    },
    DBCP2_ROLE {
      @Override
      AutoCloseable open(String url, Login login, String role) {
        return dbcp2(url, login, null, List.of("SET ROLE " + role));
      }
    };

    /** A data source that is to be closed. */
    abstract AutoCloseable open(String url, Login login, String role);

    private static HikariDataSource hikari(
        String url, Login login, String sql, String schema, boolean autoCommit) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(url);
      config.setUsername(login.user());
      config.setPassword(login.password());
      config.setMaximumPoolSize(1);
      config.setAutoCommit(autoCommit);
      config.setConnectionInitSql(sql);
      config.setSchema(schema);
      return new HikariDataSource(config);
    }

    private static BasicDataSource dbcp2(
        String url, Login login, String schema, List<String> statements) {
      BasicDataSource pool = new BasicDataSource();
      pool.setUrl(url);
      pool.setUsername(login.user());
      pool.setPassword(login.password());
      pool.setMaxTotal(1);
      pool.setDefaultAutoCommit(false);
      pool.setDefaultSchema(schema);
      pool.setConnectionInitSqls(statements);
      return pool;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldKeepWhatAPoolHasSetUpAsLiquibaseDoes(SetUp setUp) throws Exception {
    assertThat(threeUpdates(setUp, true)).isEqualTo(threeUpdates(setUp, false));
  }

  /** Two on one physical connection, and one on another. */
  private List<Map<String, Object>> threeUpdates(SetUp setUp, boolean active) throws Exception {
    try (Database database = Server.get().freshDatabase()) {
      Login owner = database.createLogin();
      Login login = database.createLogin("GRANT %s TO :role".formatted(owner.user()));
      database.execute(
          "CREATE SCHEMA caller",
          "CREATE TABLE caller.work (id int)",
          "GRANT ALL ON SCHEMA caller TO public",
          "GRANT ALL ON caller.work TO public",
          "CREATE SCHEMA app",
          "GRANT ALL ON SCHEMA app TO public",
          "GRANT ALL ON SCHEMA public TO public");
      List<Map<String, Object>> traces = new ArrayList<>();
      try (AutoCloseable pool = setUp.open(database.url("local"), login, owner.user())) {
        traces.addAll(update((DataSource) pool, database, "1", active));
        traces.addAll(update((DataSource) pool, database, "2", active));
      }
      try (AutoCloseable pool = setUp.open(database.url("local"), login, owner.user())) {
        traces.addAll(update((DataSource) pool, database, "3", active));
      }
      return traces;
    }
  }

  private List<Map<String, Object>> update(
      DataSource pool, Database database, String changelog, boolean active) throws Exception {
    Map<String, Object> before = new LinkedHashMap<>();
    try (Connection connection = pool.getConnection();
        LocalLiquibase liquibase =
            LocalLiquibase.on(connection, folder.resolve(changelog))
                .with(LocalLiquibaseScene.SETTINGS + "active", String.valueOf(active))) {
      try {
        liquibase.update();
        before.put("outcome", "ok");
      } catch (Exception e) {
        before.put("outcome", cause(e));
      }
    }
    Map<String, Object> after = new LinkedHashMap<>();
    try (Connection connection = pool.getConnection()) {
      record(database, connection, after);
    }
    return List.of(before, after);
  }
}
