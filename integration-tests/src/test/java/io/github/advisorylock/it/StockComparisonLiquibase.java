package io.github.advisorylock.it;

import com.zaxxer.hikari.HikariConfig;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;

/** The rows of the stock comparison for Liquibase. */
final class StockComparisonLiquibase {

  /** What may differ in any row. */
  static final List<StockComparisonDifference> DIFFERENCES =
      List.of(
          new StockComparisonDifference(
              StockComparisonAspect.LOG,
              "- .* - Successfully (acquired|released) change log lock",
              "Liquibase's own lock service logs that, and the lock that took its place does not"),
          StockComparisonDifference.onSomeReleases(
              StockComparisonAspect.LOG,
              "[-+] .* - Creating snapshot",
              "Liquibase logs each look for its tables, which comes more or less often with the jar"));

  private static final StockComparisonDifference[] NOTHING_LOCKED_IN_PRINT = {
    new StockComparisonDifference(
        StockComparisonAspect.OUTPUT,
        "- (-- Lock Database|-- Release Database Lock|UPDATE public\\.databasechangeloglock .*|)",
        "What is only printed takes no lock, so the statements of the lock are left out"),
    StockComparisonDifference.onSomeReleases(
        StockComparisonAspect.OUTPUT,
        "- SET SEARCH_PATH TO .*",
        "Stock before 5.0 prints that around the statements of its lock as well"),
    StockComparisonDifference.onSomeReleases(
        StockComparisonAspect.LOG,
        "- .* - Failed to release change log lock",
        "Stock before 5.0 prints the creation of its table and then misses it")
  };

  private static final StockComparisonDifference NO_TRANSACTION_LEFT =
      StockComparisonDifference.onSomeReleases(
          StockComparisonAspect.SESSIONS,
          "- before closing: idle in transaction|\\+ before closing: idle",
          "The query for the holder leaves no transaction open");

  private static final StockComparisonDifference[] REPORT_OF_HOLDER = {
    new StockComparisonDifference(
        StockComparisonAspect.LOG,
        "\\+ .*(advisory lock|No session).*",
        "It reports which session holds the lock, and that none does"),
    StockComparisonDifference.onSomeReleases(
        StockComparisonAspect.CONNECTIONS,
        "[-+] search_path = .*",
        "Stock sets the search path for its statements on its lock table"),
    NO_TRANSACTION_LEFT
  };

  private static final String CHANGELOG = Migrations.CHANGELOG;

  private StockComparisonLiquibase() {}

  /** Where Liquibase's connection comes from; null for the URL. */
  private interface Source {
    Connection open(StockComparisonStage stage) throws SQLException;
  }

  private static final Source URL = stage -> null;
  private static final Source CONNECTION = StockComparisonStage::connect;
  private static final Source HIKARI = stage -> stage.hikari(config -> {}).getConnection();
  private static final Source UNCOMMITTED =
      stage -> {
        Connection connection = stage.connect();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
          statement.execute("INSERT INTO caller.work VALUES (1)");
          statement.execute("CREATE SCHEMA acme");
        }
        return connection;
      };
  private static final Source HIKARI_WITH_SCHEMA =
      stage ->
          stage
              .hikari(
                  config -> {
                    config.setAutoCommit(false);
                    config.setSchema("caller");
                  })
              .getConnection();

  private static final String[] TABLE_OF_CALLER = {
    "CREATE SCHEMA caller", "CREATE TABLE caller.work (id int)"
  };

  static List<StockComparisonCase> cases() {
    List<StockComparisonCase> rows = new ArrayList<>();
    addSources(rows);
    addCommands(rows);
    addChangeSets(rows);
    addPoolsWithSetUp(rows);
    addUncommittedWork(rows);
    return rows;
  }

  private static void addSources(List<StockComparisonCase> rows) {
    Map<String, Source> sources = new LinkedHashMap<>();
    sources.put("URL", URL);
    sources.put("the caller's connection", CONNECTION);
    sources.put("the caller's connection with uncommitted work", UNCOMMITTED);
    sources.put("HikariCP", HIKARI);
    sources.put("HikariCP without autocommit and with a schema", HIKARI_WITH_SCHEMA);
    sources.put("Tomcat", stage -> stage.tomcat(config -> {}).getConnection());
    sources.put("DBCP2", stage -> stage.dbcp2(config -> {}).getConnection());
    sources.put("c3p0", stage -> stage.c3p0(config -> {}).getConnection());
    sources.forEach(
        (name, source) -> {
          rows.add(
              two("update an empty database, " + name)
                  .setUp(TABLE_OF_CALLER)
                  .run(command(source, "update")));
          rows.add(
              two("update an up-to-date database, " + name)
                  .setUp(TABLE_OF_CALLER)
                  .after(command(URL, "update"))
                  .run(command(source, "update")));
          rows.add(
              two("update an outdated database, " + name)
                  .setUp(TABLE_OF_CALLER)
                  .after(command(URL, "updateCount", "count", 1))
                  .run(command(source, "update")));
        });
  }

  private static void addCommands(List<StockComparisonCase> rows) {
    Map<String, StockComparisonCase.Program> commands = new LinkedHashMap<>();
    commands.put("updateCount", command(HIKARI, "updateCount", "count", 1));
    commands.put("rollbackCount", command(HIKARI, "rollbackCount", "count", 1));
    commands.put("tag", command(HIKARI, "tag", "tag", "v1"));
    commands.put("tagExists", command(HIKARI, "tagExists", "tag", "v1"));
    commands.put("status", command(HIKARI, "status", "verbose", true));
    commands.put("validate", command(HIKARI, "validate"));
    commands.put("listLocks", command(HIKARI, "listLocks"));
    commands.put("releaseLocks", command(HIKARI, "releaseLocks"));
    commands.put("changelogSync", command(HIKARI, "changelogSync"));
    commands.put("markNextChangesetRan", command(HIKARI, "markNextChangesetRan"));
    commands.put("clearChecksums", command(HIKARI, "clearChecksums"));
    commands.put("dropAll", command(HIKARI, "dropAll"));
    commands.put("unexpectedChangesets", command(HIKARI, "unexpectedChangesets"));
    commands.put("updateTestingRollback", command(HIKARI, "updateTestingRollback"));
    commands.put("updateSql", command(HIKARI, "updateSql"));
    commands.put("updateCountSql", command(HIKARI, "updateCountSql", "count", 1));
    commands.put("rollbackCountSql", command(HIKARI, "rollbackCountSql", "count", 1));
    commands.put("futureRollbackSql", command(HIKARI, "futureRollbackSql"));
    commands.put("changelogSyncSql", command(HIKARI, "changelogSyncSql"));
    commands.put("markNextChangesetRanSql", command(HIKARI, "markNextChangesetRanSql"));
    commands.forEach(
        (name, command) -> {
          StockComparisonCase empty = two(name + " on an empty database").run(command);
          StockComparisonCase outdated =
              two(name + " on an outdated database")
                  .after(command(URL, "updateCount", "count", 1))
                  .run(command);
          for (StockComparisonCase row : List.of(empty, outdated)) {
            if (name.endsWith("Sql") && !name.equals("markNextChangesetRanSql")) {
              row.differs(NOTHING_LOCKED_IN_PRINT);
            } else if (name.equals("releaseLocks")) {
              row.differs(REPORT_OF_HOLDER);
            } else if (name.equals("dropAll")) {
              row.differs(
                  StockComparisonDifference.onSomeReleases(
                      StockComparisonAspect.LOG,
                      "- .* - Failed to release change log lock",
                      "Stock has dropped the table of its lock before it releases that"));
            }
            rows.add(row);
          }
        });
  }

  private static void addChangeSets(List<StockComparisonCase> rows) {
    Map<String, String> changes = new LinkedHashMap<>();
    changes.put("runOnChange", "--changeset it:3 runOnChange:true\nCREATE TABLE three (id int);");
    changes.put("runAlways", "--changeset it:3 runAlways:true\nINSERT INTO one VALUES (2);");
    changes.put(
        "CREATE INDEX CONCURRENTLY",
        "--changeset it:3 runInTransaction:false\nCREATE INDEX CONCURRENTLY three ON one (id);");
    changes.put(
        "a precondition",
        """
        --changeset it:3
        --preconditions onFail:MARK_RAN
        --precondition-sql-check expectedResult:0 SELECT count(*) FROM one
        CREATE TABLE three (id int);""");
    changes.put("a statement that fails", "--changeset it:3\nSELECT 1 / 0;");
    changes.put(
        "a statement that fails outside of a transaction",
        "--changeset it:3 runInTransaction:false\nCREATE TABLE three (id int);\nSELECT 1 / 0;");
    changes.put("a failure that is ignored", "--changeset it:3 failOnError:false\nSELECT 1 / 0;");
    changes.put("SET statement_timeout", "--changeset it:3\nSET statement_timeout = '1min';");
    changes.put("its own application_name", "--changeset it:3\nSET application_name = 'mine';");
    changes.put("SET ROLE", "--changeset it:3\nSET ROLE pg_monitor;");
    changes.put("DISCARD TEMP", "--changeset it:3\nDISCARD TEMP;");
    changes.put("an advisory lock of its own", "--changeset it:3\nSELECT pg_advisory_lock(4711);");
    changes.put("LISTEN", "--changeset it:3\nLISTEN mine;");
    changes.forEach(
        (name, changeSet) -> {
          StockComparisonCase row =
              two("update a change set with " + name, changeSet)
                  .setUp("GRANT ALL ON SCHEMA public TO pg_monitor")
                  .run(command(HIKARI, "update"));
          if (name.equals("SET ROLE")) {
            row.differs(
                StockComparisonDifference.onSomeReleases(
                    StockComparisonAspect.LOG,
                    "- .*",
                    "Stock cannot release its lock as that role, which has no rights on its table"),
                StockComparisonDifference.onSomeReleases(
                    StockComparisonAspect.CONTENT,
                    "[-+] databasechangeloglock: .*",
                    "So stock leaves its lock locked, and the next run waits for it"));
          }
          rows.add(row);
        });
    rows.add(
        two("update after a change set was changed")
            .after(
                stage -> {
                  command(URL, "update").run(stage);
                  try (Connection connection = stage.dataSource().getConnection();
                      Statement statement = connection.createStatement()) {
                    statement.execute("UPDATE databasechangelog SET md5sum = '9:0'");
                  }
                })
            .run(command(HIKARI, "update")));
    rows.add(
        two("update into a schema of its own")
            .setUp("CREATE SCHEMA app")
            .run(command(URL, "update", "defaultSchemaName", "app")));
    rows.add(
        two("update with contexts and labels")
            .run(command(HIKARI, "update", "contexts", "test", "labelFilter", "one")));
  }

  private static void addPoolsWithSetUp(List<StockComparisonCase> rows) {
    for (boolean autoCommit : List.of(true, false)) {
      String hikari = "HikariCP with autoCommit=" + autoCommit;
      Map<String, Consumer<HikariConfig>> settings = new LinkedHashMap<>();
      settings.put("", config -> {});
      settings.put(" and schema", config -> config.setSchema("app"));
      settings.put(
          " and connectionInitSql", config -> config.setConnectionInitSql("SET search_path = app"));
      settings.put(
          " and a role in connectionInitSql",
          config -> config.setConnectionInitSql("SET ROLE pg_monitor"));
      settings.put(" and connectionTestQuery", config -> config.setConnectionTestQuery("SELECT 1"));
      settings.forEach(
          (name, setting) -> {
            Source source =
                stage ->
                    stage
                        .hikari(
                            config -> {
                              config.setAutoCommit(autoCommit);
                              setting.accept(config);
                            })
                        .getConnection();
            StockComparisonCase once =
                two("update, " + hikari + name)
                    .setUp("CREATE SCHEMA app", "GRANT ALL ON SCHEMA public, app TO pg_monitor")
                    .run(command(source, "update"));
            rows.add(once);
          });
    }
  }

  /** A connection with autocommit off, on which the caller has done something before. */
  private static void addUncommittedWork(List<StockComparisonCase> rows) {
    Source source =
        stage -> {
          Connection connection = stage.connect();
          connection.setAutoCommit(false);
          try (Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO work VALUES ('not committed')");
          }
          return connection;
        };
    Map<String, StockComparisonCase.Program> commands = new LinkedHashMap<>();
    commands.put("update", command(source, "update"));
    commands.put("tag", command(source, "tag", "tag", "v1"));
    commands.put("status", command(source, "status"));
    commands.put("validate", command(source, "validate"));
    commands.put("listLocks", command(source, "listLocks"));
    commands.put("releaseLocks", command(source, "releaseLocks"));
    commands.put("changelogSync", command(source, "changelogSync"));
    commands.put("updateSql", command(source, "updateSql"));
    commands.forEach(
        (name, command) -> {
          StockComparisonDifference[] declared =
              switch (name) {
                case "updateSql" -> NOTHING_LOCKED_IN_PRINT;
                case "releaseLocks" -> REPORT_OF_HOLDER;
                case "listLocks" -> new StockComparisonDifference[] {NO_TRANSACTION_LEFT};
                default -> new StockComparisonDifference[0];
              };
          rows.add(
              two(name + " beside uncommitted work, no history")
                  .setUp("CREATE TABLE work (name text)")
                  .run(command)
                  .differs(declared));
          rows.add(
              two(name + " beside uncommitted work, complete history")
                  .setUp("CREATE TABLE work (name text)")
                  .after(command(URL, "update"))
                  .run(command)
                  .differs(declared));
        });
  }

  /** Two change sets, and what else is in the changelog. */
  private static StockComparisonCase two(String name, String... more) {
    return StockComparisonCase.of(name)
        .file(
            CHANGELOG,
            """
            --liquibase formatted sql

            --changeset it:1
            CREATE TABLE one (id int);
            INSERT INTO one VALUES (1);
            --rollback DROP TABLE one;

            --changeset it:2
            CREATE TABLE two AS SELECT id FROM one;
            --rollback DROP TABLE two;

            """
                + String.join("\n", more));
  }

  /** A command with arguments: name, value, name, value. */
  private static StockComparisonCase.Program command(
      Source source, String name, Object... arguments) {
    return stage -> {
      Connection connection = source.open(stage);
      Scope.child(
          Map.of(Scope.Attr.resourceAccessor.name(), new DirectoryResourceAccessor(stage.folder())),
          () -> {
            CommandScope command = new CommandScope(name);
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            command.setOutput(output);
            command.addArgumentValue("changelogFile", CHANGELOG);
            for (int i = 0; i < arguments.length; i += 2) {
              command.addArgumentValue((String) arguments[i], arguments[i + 1]);
            }
            try {
              execute(stage, connection, command);
            } finally {
              stage.note(output.toString(StandardCharsets.UTF_8));
            }
          });
    };
  }

  private static void execute(
      StockComparisonStage stage, Connection connection, CommandScope command) throws Exception {
    if (connection == null) {
      command.addArgumentValue("url", stage.url());
      command.addArgumentValue("username", stage.user());
      command.addArgumentValue("password", stage.password());
      command.execute();
      return;
    }
    Database database =
        DatabaseFactory.getInstance()
            .findCorrectDatabaseImplementation(new JdbcConnection(connection));
    try {
      command.addArgumentValue("database", database);
      command.execute();
    } finally {
      if (!stage.connections().contains(connection)) {
        database.close(); // back to the pool, as frameworks do
      }
    }
  }
}
