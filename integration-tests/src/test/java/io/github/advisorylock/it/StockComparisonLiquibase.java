package io.github.advisorylock.it;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
          StockComparisonDifference.untilFixed(
              StockComparisonAspect.CONNECTIONS,
              "\\+ .* = \\S+, fixed for the session",
              "The connection goes back with the values of the lock's settings fixed"));

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
    Map<String, Source> sources = new LinkedHashMap<>();
    sources.put("URL", URL);
    sources.put("the caller's connection", CONNECTION);
    sources.put("the caller's connection with uncommitted work", UNCOMMITTED);
    sources.put("HikariCP", HIKARI);
    sources.put("HikariCP without autocommit and with a schema", HIKARI_WITH_SCHEMA);
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
    return rows;
  }

  private static StockComparisonCase two(String name) {
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
            """);
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
