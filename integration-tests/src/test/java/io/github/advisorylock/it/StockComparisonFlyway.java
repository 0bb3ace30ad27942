package io.github.advisorylock.it;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.migration.BaseJavaMigration;
import org.flywaydb.core.api.migration.Context;

/** The rows of the stock comparison for Flyway. */
final class StockComparisonFlyway {

  /** What may differ in any row. */
  static final List<StockComparisonDifference> DIFFERENCES =
      List.of(
          StockComparisonDifference.onSomeReleases(
              StockComparisonAspect.CONNECTIONS,
              "\\+ search_path = .*, fixed for the session",
              "Flyway restores the search path on the connection that it opens for events before a"
                  + " migration, which it does without the lock only if there is such a callback"),
          StockComparisonDifference.onSomeReleases(
              StockComparisonAspect.LOG,
              "\\+ .* - Executing Java callback: \\w+ - advisory lock",
              "Flyway from 13.12 on logs every event of a Java callback at INFO: two for a run and two"
                  + " for a migration"));

  private static final StockComparisonDifference INIT_SQL_WARNINGS =
      StockComparisonDifference.onSomeReleases(
          StockComparisonAspect.LOG,
          "- .* - initSql is deprecated .*",
          "Flyway from 13 on warns once for each connection, and the run has one fewer");

  private StockComparisonFlyway() {}

  /** Where Flyway's connections come from. */
  private interface Source {
    DataSource open(StockComparisonStage stage);
  }

  /** A change of the configuration, and the command. */
  private interface Command {
    void run(FluentConfiguration configuration);
  }

  private static final Command MIGRATE = configuration -> configuration.load().migrate();

  private static final Source URL = stage -> null;

  private static final Source HIKARI = stage -> stage.hikari(config -> {});
  private static final int THREADS = 8;

  private static Map<String, Source> sources() {
    Map<String, Source> sources = new LinkedHashMap<>();
    sources.put("URL", URL);
    sources.put("HikariCP", HIKARI);
    sources.put("Tomcat", stage -> stage.tomcat(config -> {}));
    sources.put("DBCP2", stage -> stage.dbcp2(config -> {}));
    sources.put("c3p0", stage -> stage.c3p0(config -> {}));
    return sources;
  }

  static List<StockComparisonCase> cases() {
    List<StockComparisonCase> rows = new ArrayList<>();
    addSources(rows);
    addPoolsWithSetUp(rows);
    addCommands(rows);
    addCallbacks(rows);
    addFailures(rows);
    addSchemas(rows);
    addScripts(rows);
    rows.addAll(scripts());
    addCrowds(rows);
    return rows;
  }

  private static void addSources(List<StockComparisonCase> rows) {
    sources()
        .forEach(
            (name, source) -> {
              rows.add(two("migrate an empty database, " + name).run(with(source, MIGRATE)));
              rows.add(
                  two("migrate an up-to-date database, " + name)
                      .after(with(URL, MIGRATE))
                      .run(with(source, MIGRATE)));
              rows.add(
                  two("migrate an outdated database, " + name)
                      .after(with(URL, configuration -> MIGRATE.run(configuration.target("1"))))
                      .run(with(source, MIGRATE)));
            });
  }

  /** Pools that do something on a connection before they hand it out. */
  private static void addPoolsWithSetUp(List<StockComparisonCase> rows) {
    Map<String, Source> pools = new LinkedHashMap<>();
    for (boolean autoCommit : List.of(true, false)) {
      String hikari = "HikariCP with autoCommit=" + autoCommit;
      pools.put(hikari, hikari(autoCommit, config -> {}));
      pools.put(hikari + " and schema", hikari(autoCommit, config -> config.setSchema("app")));
      pools.put(
          hikari + " and connectionInitSql",
          hikari(autoCommit, config -> config.setConnectionInitSql("SET search_path = app")));
      pools.put(
          hikari + " and a role in connectionInitSql",
          hikari(autoCommit, config -> config.setConnectionInitSql("SET ROLE pg_monitor")));
      pools.put(
          hikari + " and connectionTestQuery",
          hikari(autoCommit, config -> config.setConnectionTestQuery("SELECT 1")));
    }
    pools.put(
        "DBCP2 with validationQuery",
        stage ->
            stage.dbcp2(
                pool -> {
                  pool.setDefaultAutoCommit(false);
                  pool.setValidationQuery("SELECT 1");
                }));
    pools.put(
        "DBCP2 with defaultSchema", stage -> stage.dbcp2(pool -> pool.setDefaultSchema("app")));
    pools.put(
        "DBCP2 with autocommit off and defaultSchema",
        stage ->
            stage.dbcp2(
                pool -> {
                  pool.setDefaultAutoCommit(false);
                  pool.setDefaultSchema("app");
                }));
    pools.put(
        "Tomcat with autocommit off, initSQL and validationQuery",
        stage ->
            stage.tomcat(
                config -> {
                  config.setDefaultAutoCommit(false);
                  config.setInitSQL("SET search_path = app");
                  config.setValidationQuery("SELECT 1");
                  config.setTestOnBorrow(true);
                }));
    pools.put(
        "c3p0 with preferredTestQuery",
        stage ->
            stage.c3p0(
                pool -> {
                  pool.setPreferredTestQuery("SELECT 1");
                  pool.setTestConnectionOnCheckout(true);
                }));
    pools.forEach(
        (name, source) -> {
          StockComparisonCase row =
              two("migrate, " + name)
                  .setUp("CREATE SCHEMA app", "GRANT ALL ON SCHEMA public, app TO pg_monitor")
                  .run(with(source, MIGRATE));
          if (name.contains("autoCommit=false and a role")) {
            row.differs(
                StockComparisonDifference.onSomeReleases(
                    StockComparisonAspect.OBJECTS,
                    "[-+] relation .*",
                    "Flyway before 10.18 loses the role on its first connection, on which it migrates"
                        + " with the jar (decision 31)"));
          }
          rows.add(row);
        });
  }

  private static Source hikari(boolean autoCommit, Consumer<HikariConfig> settings) {
    return stage ->
        stage.hikari(
            config -> {
              config.setAutoCommit(autoCommit);
              settings.accept(config);
            });
  }

  private static void addCommands(List<StockComparisonCase> rows) {
    Map<String, Command> commands = new LinkedHashMap<>();
    commands.put("clean", configuration -> configuration.cleanDisabled(false).load().clean());
    commands.put("baseline", configuration -> configuration.load().baseline());
    commands.put("repair", configuration -> configuration.load().repair());
    commands.put("validate", configuration -> configuration.load().validate());
    commands.put("info", configuration -> configuration.load().info());
    commands.put("migrate with group", configuration -> MIGRATE.run(configuration.group(true)));
    commands.put(
        "clean and migrate",
        configuration -> {
          Flyway flyway = configuration.cleanDisabled(false).load();
          flyway.clean();
          flyway.migrate();
        });
    commands.put(
        "migrate out of order",
        configuration ->
            MIGRATE.run(configuration.outOfOrder(true).ignoreMigrationPatterns("*:*")));
    commands.put("migrate with mixed", configuration -> MIGRATE.run(configuration.mixed(true)));
    commands.put(
        "migrate with placeholders",
        configuration -> MIGRATE.run(configuration.placeholders(Map.of("name", "three"))));
    commands.put(
        "migrate without executing",
        configuration -> MIGRATE.run(configuration.skipExecutingMigrations(true)));
    commands.put(
        "migrate with validation off",
        configuration -> MIGRATE.run(configuration.validateOnMigrate(false)));
    commands.put(
        "migrate twice, with one object",
        configuration -> {
          Flyway flyway = configuration.load();
          flyway.migrate();
          flyway.migrate();
        });
    commands.forEach(
        (name, command) -> {
          rows.add(two(name + " on an empty database").run(with(HIKARI, command)));
          rows.add(
              two(name + " on an outdated database")
                  .file("V3__three.sql", "CREATE TABLE three AS SELECT 'three' AS name;")
                  .after(with(URL, configuration -> MIGRATE.run(configuration.target("2"))))
                  .run(with(URL, command)));
        });
  }

  private static void addCallbacks(List<StockComparisonCase> rows) {
    for (String event :
        List.of(
            "beforeMigrate",
            "afterMigrate",
            "beforeEachMigrate",
            "afterEachMigrate",
            "beforeValidate")) {
      rows.add(
          two("migrate with " + event + ".sql")
              .setUp("CREATE TABLE events (name text)")
              .file(event + ".sql", "INSERT INTO events VALUES ('" + event + "');")
              .run(
                  with(
                      URL,
                      configuration ->
                          MIGRATE.run(
                              configuration.baselineOnMigrate(true).baselineVersion("0")))));
    }
    rows.add(
        two("migrate with a failing afterMigrate.sql")
            .file("afterMigrate.sql", "SELECT 1 / 0;")
            .run(with(HIKARI, MIGRATE)));
    rows.add(
        two("migrate with a failing beforeMigrate.sql")
            .file("beforeMigrate.sql", "SELECT 1 / 0;")
            .run(with(HIKARI, MIGRATE)));
    rows.add(
        two("migrate with a Java callback")
            .run(
                stage ->
                    with(
                            HIKARI,
                            configuration ->
                                MIGRATE.run(configuration.callbacks(new NotingCallback(stage))))
                        .run(stage)));
  }

  private static void addFailures(List<StockComparisonCase> rows) {
    rows.add(
        two("migrate with a script that fails")
            .file("V3__fails.sql", "CREATE TABLE three (id int); SELECT 1 / 0;")
            .run(with(HIKARI, MIGRATE)));
    rows.add(
        two("migrate with a script that fails, over a URL")
            .file("V3__fails.sql", "CREATE TABLE three (id int); SELECT 1 / 0;")
            .run(with(URL, MIGRATE)));
    rows.add(
        two("migrate with a script that fails outside of a transaction")
            .file("V3__fails.sql", "CREATE TABLE three (id int); SELECT 1 / 0;")
            .file("V3__fails.sql.conf", "executeInTransaction=false")
            .run(with(HIKARI, MIGRATE))
            .differs(
                StockComparisonAspect.HISTORY,
                "\\+ .*\"V3__fails.sql\", \"success\": false.*",
                "Stock rolls the row of the failure back with its lock, and keeps it only with that"
                    + " at session level"));
    rows.add(
        two("migrate a schema that is not empty and has no history")
            .setUp("CREATE TABLE other (id int)")
            .run(with(HIKARI, MIGRATE)));
    rows.add(
        two("migrate with two scripts of one version")
            .file("V2__again.sql", "SELECT 1;")
            .run(with(HIKARI, MIGRATE)));
    rows.add(
        two("migrate after a script was changed")
            .after(
                stage -> {
                  with(URL, MIGRATE).run(stage);
                  try (Connection connection = stage.dataSource().getConnection();
                      Statement statement = connection.createStatement()) {
                    statement.execute("UPDATE flyway_schema_history SET checksum = 1");
                  }
                })
            .run(with(HIKARI, MIGRATE)));
    rows.add(two("clean while that is disabled").run(with(HIKARI, c -> c.load().clean())));
    rows.add(
        two("migrate a server that is down")
            .run(
                stage ->
                    MIGRATE.run(
                        Flyway.configure()
                            .locations("filesystem:" + stage.folder())
                            .dataSource("jdbc:postgresql://localhost:1/none", "none", "none"))));
    rows.add(
        two("migrate with a wrong password")
            .run(
                stage ->
                    MIGRATE.run(
                        Flyway.configure()
                            .locations("filesystem:" + stage.folder())
                            .dataSource(stage.url(), stage.user(), "wrong"))));
  }

  private static void addSchemas(List<StockComparisonCase> rows) {
    rows.add(
        two("migrate with createSchemas=false and no such schema")
            .run(
                with(
                    HIKARI,
                    configuration ->
                        MIGRATE.run(configuration.createSchemas(false).schemas("app")))));
    rows.add(
        two("migrate with createSchemas=false and the schema")
            .setUp("CREATE SCHEMA app")
            .run(
                with(
                    HIKARI,
                    configuration ->
                        MIGRATE.run(configuration.createSchemas(false).schemas("app")))));
    rows.add(
        two("migrate several schemas that are created")
            .run(
                with(HIKARI, configuration -> MIGRATE.run(configuration.schemas("app", "other")))));
    rows.add(
        two("clean several schemas that were created")
            .after(with(URL, configuration -> MIGRATE.run(configuration.schemas("app", "other"))))
            .run(
                with(
                    HIKARI,
                    configuration ->
                        configuration
                            .cleanDisabled(false)
                            .schemas("app", "other")
                            .load()
                            .clean())));
    rows.add(
        two("migrate with another history table and default schema")
            .run(
                with(
                    HIKARI,
                    configuration ->
                        MIGRATE.run(configuration.defaultSchema("app").table("history")))));
    rows.add(
        two("migrate with initSql")
            .run(
                with(
                    HIKARI,
                    configuration -> MIGRATE.run(configuration.initSql("SET work_mem = '8MB'"))))
            .differs(INIT_SQL_WARNINGS));
  }

  /** What scripts do to their session. */
  private static void addScripts(List<StockComparisonCase> rows) {
    Map<String, String> scripts = new LinkedHashMap<>();
    scripts.put("SET statement_timeout", "SET statement_timeout = '1min';");
    scripts.put("SET LOCAL lock_timeout", "SET LOCAL lock_timeout = '1s';");
    scripts.put("its own application_name", "SET application_name = 'mine';");
    scripts.put("SET ROLE", "SET ROLE pg_monitor;");
    scripts.put("another search path", "SET search_path = pg_catalog;");
    scripts.put("LISTEN", "LISTEN mine;");
    scripts.put("a temporary table", "CREATE TEMPORARY TABLE temporary (id int);");
    scripts.put("an advisory lock of its own", "SELECT pg_advisory_lock(4711);");
    scripts.put("a transaction's advisory lock", "SELECT pg_advisory_xact_lock(4711);");
    scripts.put("a warning", "DO $$ BEGIN RAISE WARNING 'careful'; END $$;");
    scripts.forEach(
        (name, sql) ->
            rows.add(
                two("migrate a script with " + name)
                    .setUp("GRANT ALL ON SCHEMA public TO pg_monitor")
                    .file("V3__three.sql", sql)
                    .file(
                        "V4__four.sql",
                        "CREATE TABLE four AS SELECT current_setting('application_name') AS name;")
                    .run(with(HIKARI, MIGRATE))));
    rows.add(
        two("migrate a script with CREATE INDEX CONCURRENTLY")
            .file("V3__three.sql", "CREATE INDEX CONCURRENTLY three ON one (id);")
            .file("V3__three.sql.conf", "executeInTransaction=false")
            .run(
                with(
                    URL,
                    configuration -> MIGRATE.run(configuration.initSql("SET lock_timeout = '2s'"))))
            .differs(
                StockComparisonAspect.OUTCOME,
                "[-+] .*",
                "Stock Flyway waits for the snapshot of its own lock, here until a timeout")
            .differs(StockComparisonAspect.LOG, "[-+] .*", "it fails, and the jar does not")
            .differs(StockComparisonAspect.HISTORY, "[-+] .*", "it fails, and the jar does not")
            .differs(
                StockComparisonAspect.OBJECTS,
                "[-+] index CREATE INDEX three .*",
                "it leaves an invalid index, and the jar a valid one"));
    rows.add(
        two("migrate a script with CREATE INDEX CONCURRENTLY, Flyway's lock at session level")
            .file("V3__three.sql", "CREATE INDEX CONCURRENTLY three ON one (id);")
            .file("V3__three.sql.conf", "executeInTransaction=false")
            .run(
                with(
                    HIKARI,
                    configuration ->
                        MIGRATE.run(
                            configuration.configuration(
                                Map.of("flyway.postgresql.transactional.lock", "false"))))));
    rows.add(
        two("migrate with a Java migration")
            .run(
                with(
                    HIKARI,
                    configuration -> MIGRATE.run(configuration.javaMigrations(new V5__Java())))));
    rows.add(
        two("migrate with repeatable scripts")
            .file("R__view.sql", "CREATE OR REPLACE VIEW three AS SELECT 3 AS three;")
            .run(with(HIKARI, MIGRATE)));
  }

  /** Many runs in one JVM. */
  private static void addCrowds(List<StockComparisonCase> rows) {
    rows.add(
        two("migrate eight schemas in eight threads")
            .run(
                stage ->
                    inThreads(
                        tenant ->
                            with(
                                    URL,
                                    configuration ->
                                        MIGRATE.run(configuration.schemas("tenant" + tenant)))
                                .run(stage)))
            .differs(
                StockComparisonDifference.onSomeReleases(
                    StockComparisonAspect.LOG,
                    "\\+ .* advisory lock .*",
                    "Runs that meet wait for the lock, which is one for the database, and log that")));
  }

  /** Scripts that change the session in which Flyway has its lock and its history with the jars. */
  private static List<StockComparisonCase> scripts() {
    return Stream.of(
            "DISCARD ALL",
            "SELECT pg_advisory_unlock_all()",
            "RESET ALL",
            "SET statement_timeout = '5s'",
            "SET lock_timeout = '5s'",
            "SET search_path = ''",
            "SET ROLE pg_monitor")
        .map(
            statement ->
                StockComparisonCase.of("migrate with " + statement)
                    .file("V1__script.sql", statement + ";")
                    .file(
                        "V2__seen.sql",
                        "CREATE TABLE public.seen AS SELECT current_setting('statement_timeout'),"
                            + " current_setting('lock_timeout') AS l;")
                    .run(with(URL, MIGRATE)))
        .toList();
  }

  private static StockComparisonCase two(String name) {
    return StockComparisonCase.of(name)
        .file("V1__one.sql", "CREATE TABLE one (id int); INSERT INTO one VALUES (1);")
        .file("V2__two.sql", "CREATE TABLE two AS SELECT id FROM one; CREATE INDEX ON two (id);");
  }

  private static StockComparisonCase.Program with(Source source, Command command) {
    return stage -> {
      FluentConfiguration configuration =
          Flyway.configure().locations("filesystem:" + stage.folder());
      DataSource dataSource = source.open(stage);
      if (dataSource == null) {
        configuration.dataSource(stage.url(), stage.user(), stage.password());
      } else {
        configuration.dataSource(dataSource);
      }
      command.run(configuration);
    };
  }

  private interface Run {
    void of(int thread) throws Exception;
  }

  /** At the same time; fails as the first that fails. */
  private static void inThreads(Run run) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> runs = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        runs.add(
            () -> {
              run.of(thread);
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(runs)) {
        done.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** A migration as users write them. */
  public static final class V5__Java extends BaseJavaMigration {
    /** For Flyway. */
    public V5__Java() {}

    @Override
    public void migrate(Context context) throws SQLException {
      try (Statement statement = context.getConnection().createStatement()) {
        statement.execute("CREATE TABLE five (id int)");
      }
    }
  }

  /** Notes which events it sees, and in which order. */
  private record NotingCallback(StockComparisonStage stage) implements Callback {
    @Override
    public boolean supports(Event event, org.flywaydb.core.api.callback.Context context) {
      return event == Event.BEFORE_MIGRATE || event == Event.AFTER_EACH_MIGRATE;
    }

    @Override
    public boolean canHandleInTransaction(
        Event event, org.flywaydb.core.api.callback.Context context) {
      return true;
    }

    @Override
    public void handle(Event event, org.flywaydb.core.api.callback.Context context) {
      stage.note(event.name());
    }

    @Override
    public String getCallbackName() {
      return "noting";
    }
  }
}
