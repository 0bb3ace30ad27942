package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.liquibase.HistoryTableProbe;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import liquibase.changelog.StandardChangeLogHistoryService;
import liquibase.database.Database;
import liquibase.database.ObjectQuotingStrategy;
import liquibase.exception.DatabaseException;
import liquibase.snapshot.SnapshotControl;
import liquibase.snapshot.SnapshotGeneratorFactory;
import liquibase.structure.core.Column;
import liquibase.structure.core.Table;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whether the history table has to be created or altered, as one query of the catalog says it, as
 * Liquibase's own look says it, and as Liquibase then does it.
 */
class HistoryTableIT {

  /** All that creating or altering a table changes. */
  private static final String CATALOG =
      """
      SELECT concat_ws(' ', n.nspname, c.relname, c.relkind, a.attnum, a.attname, a.atttypid,
                       a.atttypmod, a.attnotnull, a.attisdropped)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       ORDER BY 1""";

  private static final Map<String, Integer> SHORTEST =
      Map.of(
          "DESCRIPTION", 0,
          "COMMENTS", 0,
          "TAG", 0,
          "ORDEREXECUTED", 0,
          "EXECTYPE", 0,
          "DEPLOYMENT_ID", 0,
          "LIQUIBASE", 20,
          "MD5SUM", 35,
          "CONTEXTS", 255,
          "LABELS", 255);

  private static final String TABLE = "liquibase.databaseChangelogTableName";
  private static final String SCHEMA = "liquibase.liquibaseSchemaName";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  /**
   * A table, and who looks at it.
   *
   * @param sure whether the query is to be enough
   */
  private record Case(
      String name,
      boolean sure,
      List<String> before,
      boolean made,
      List<String> after,
      Map<String, String> settings,
      Consumer<Database> configuration,
      List<String> grants,
      String urlParameter) {

    static Case sure(String name, String... after) {
      return new Case(
          name, true, List.of(), true, List.of(after), Map.of(), database -> {}, List.of(), "");
    }

    static Case unsure(String name, String... after) {
      return new Case(
          name, false, List.of(), true, List.of(after), Map.of(), database -> {}, List.of(), "");
    }

    /** Nothing is made by Liquibase first. */
    Case fromScratch() {
      return new Case(
          name, sure, before, false, after, settings, configuration, grants, urlParameter);
    }

    Case before(String... statements) {
      return new Case(
          name,
          sure,
          List.of(statements),
          made,
          after,
          settings,
          configuration,
          grants,
          urlParameter);
    }

    Case with(Map<String, String> other) {
      return new Case(name, sure, before, made, after, other, configuration, grants, urlParameter);
    }

    Case configured(Consumer<Database> other) {
      return new Case(name, sure, before, made, after, settings, other, grants, urlParameter);
    }

    /** By a role that has these rights and no others. */
    Case seenBy(String... rights) {
      return new Case(
          name, sure, before, made, after, settings, configuration, List.of(rights), urlParameter);
    }

    Case over(String parameter) {
      return new Case(name, sure, before, made, after, settings, configuration, grants, parameter);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Stream<Case> cases() {
    return Stream.of(usual(), columns(), kinds(), names(), rights()).flatMap(Function.identity());
  }

  private static Stream<Case> usual() {
    return Stream.of(
        Case.sure("as Liquibase makes it"),
        Case.unsure("absent").fromScratch(),
        Case.sure(
            "with a changeset",
            "INSERT INTO databasechangelog SELECT 'a', 'b', 'c', now(), 1, 'EXECUTED'"),
        Case.sure("with a tablespace")
            .with(Map.of("liquibase.liquibaseTablespaceName", "pg_default")),
        Case.sure("unlogged", "ALTER TABLE databasechangelog SET UNLOGGED"));
  }

  private static Stream<Case> columns() {
    Stream<Case> missing =
        SHORTEST.keySet().stream()
            .sorted()
            .map(
                column ->
                    Case.unsure(
                        "without " + column,
                        "ALTER TABLE databasechangelog DROP COLUMN " + column));
    Stream<Case> shorter =
        SHORTEST.entrySet().stream()
            .filter(column -> column.getValue() > 0)
            .sorted(Map.Entry.comparingByKey())
            .map(column -> typed(false, column.getKey(), "varchar(%d)", column.getValue() - 1));
    Stream<Case> longEnough =
        SHORTEST.entrySet().stream()
            .filter(column -> column.getValue() > 0)
            .sorted(Map.Entry.comparingByKey())
            .flatMap(
                column ->
                    Stream.of(
                        typed(true, column.getKey(), "varchar(%d)", column.getValue()),
                        typed(true, column.getKey(), "varchar(%d)", column.getValue() + 1),
                        typed(false, column.getKey(), "char(%d)", column.getValue()),
                        typed(false, column.getKey(), "varchar", 0),
                        typed(false, column.getKey(), "text", 0)));
    Stream<Case> others =
        Stream.of(
            typed(true, "TAG", "text", 0),
            typed(true, "TAG", "varchar(%d)", 1),
            typed(true, "ORDEREXECUTED", "bigint", 0),
            Case.unsure(
                "of a type that is a short varchar",
                "CREATE DOMAIN short AS varchar(10)",
                "ALTER TABLE databasechangelog ALTER COLUMN labels TYPE short"),
            Case.sure("with a column more", "ALTER TABLE databasechangelog ADD COLUMN mine int"),
            Case.sure(
                "with a column that was dropped and added",
                "ALTER TABLE databasechangelog DROP COLUMN tag",
                "ALTER TABLE databasechangelog ADD COLUMN tag varchar(255)"),
            Case.unsure(
                "with a column in upper case",
                "ALTER TABLE databasechangelog RENAME COLUMN tag TO \"TAG\""),
            Case.unsure(
                "with a column in upper case that is too short",
                "ALTER TABLE databasechangelog ALTER COLUMN labels TYPE varchar(10)",
                "ALTER TABLE databasechangelog RENAME COLUMN labels TO \"Labels\""));
    return Stream.of(missing, shorter, longEnough, others).flatMap(Function.identity());
  }

  private static Case typed(boolean sure, String column, String type, int length) {
    String exact = type.formatted(length);
    Case one =
        Case.sure(
            "%s %s".formatted(column, exact),
            "ALTER TABLE databasechangelog ALTER COLUMN %s TYPE %s".formatted(column, exact));
    return sure ? one : Case.unsure(one.name(), one.after().get(0));
  }

  private static Stream<Case> kinds() {
    String moved = "ALTER TABLE databasechangelog RENAME TO old";
    return Stream.of(
        Case.unsure("a view", moved, "CREATE VIEW databasechangelog AS TABLE old"),
        Case.unsure(
            "a materialized view",
            moved,
            "CREATE MATERIALIZED VIEW databasechangelog AS TABLE old"),
        Case.unsure(
            "a partitioned table",
            moved,
            "CREATE TABLE databasechangelog (LIKE old) PARTITION BY LIST (id)"),
        Case.unsure(
            "a partition",
            moved,
            "CREATE TABLE whole (LIKE old) PARTITION BY LIST (id)",
            "CREATE TABLE databasechangelog PARTITION OF whole DEFAULT"),
        Case.sure("a child", moved, "CREATE TABLE databasechangelog () INHERITS (old)"),
        Case.unsure("a sequence", moved, "CREATE SEQUENCE databasechangelog"),
        Case.unsure("a type", moved, "CREATE TYPE databasechangelog AS (id int, labels text)"),
        Case.unsure("a name in upper case", moved, "CREATE TABLE \"DATABASECHANGELOG\" (LIKE old)"),
        Case.sure(
            "another one in upper case",
            "CREATE TABLE \"DATABASECHANGELOG\" (id int, labels varchar(1))"),
        Case.unsure(
            "outdated, and another one in upper case",
            "CREATE TABLE \"DATABASECHANGELOG\" (LIKE databasechangelog)",
            "ALTER TABLE databasechangelog DROP COLUMN tag"));
  }

  private static Stream<Case> names() {
    String app = "CREATE SCHEMA app";
    String mixed = "CREATE SCHEMA \"App\"";
    return Stream.of(
        Case.sure("another name").with(Map.of(TABLE, "history")),
        Case.unsure("another name than that of the table", "ALTER TABLE history RENAME TO h")
            .with(Map.of(TABLE, "history")),
        Case.sure("a name in mixed case").with(Map.of(TABLE, "MyHistory")),
        Case.unsure("a table in mixed case", "ALTER TABLE myhistory RENAME TO \"MyHistory\"")
            .with(Map.of(TABLE, "MyHistory")),
        Case.sure(
                "a name that is a pattern, too",
                "CREATE TABLE my1log (id int)",
                "CREATE TABLE myxlog (LIKE my_log)",
                "ALTER TABLE myxlog DROP COLUMN tag")
            .with(Map.of(TABLE, "my_log")),
        Case.unsure("a name that is a pattern of another's", "ALTER TABLE my_log RENAME TO myxlog")
            .with(Map.of(TABLE, "my_log")),
        Case.sure("a name with a hyphen and a space").with(Map.of(TABLE, "my history-log")),
        Case.unsure("a name in quotes")
            .before("CREATE TABLE \"Quoted\" (id int)")
            .fromScratch()
            .with(Map.of(TABLE, "\"Quoted\"")),
        Case.unsure("a name with an apostrophe").fromScratch().with(Map.of(TABLE, "it's")),
        Case.unsure("a name that is too long").with(Map.of(TABLE, "h".repeat(70))),
        Case.sure("quoting all, by the strategy")
            .configured(
                database ->
                    database.setObjectQuotingStrategy(ObjectQuotingStrategy.QUOTE_ALL_OBJECTS)),
        Case.sure("quoting what is reserved")
            .configured(
                database ->
                    database.setObjectQuotingStrategy(
                        ObjectQuotingStrategy.QUOTE_ONLY_RESERVED_WORDS)),
        Case.sure("another schema").before(app).with(Map.of(SCHEMA, "app")),
        Case.sure("another schema in upper case").before(app).with(Map.of(SCHEMA, "APP")),
        Case.unsure(
            "another schema than that of the table",
            app,
            "ALTER TABLE databasechangelog SET SCHEMA app"),
        Case.sure("a default schema").before(app).configured(byDefaultIn("app")),
        Case.sure("a default schema, and the table in another")
            .before(app)
            .with(Map.of(SCHEMA, "public"))
            .configured(byDefaultIn("app")),
        Case.sure("a search path").before(app, "ALTER DATABASE :db SET search_path TO app, public"),
        Case.unsure("a table only further down the search path")
            .before("ALTER DATABASE :db SET search_path TO app, public", app)
            .fromScratch(),
        Case.unsure("no schema at all")
            .before("ALTER DATABASE :db SET search_path TO nowhere")
            .fromScratch(),
        Case.unsure("a schema in mixed case")
            .before(mixed)
            .fromScratch()
            .with(Map.of(SCHEMA, "App")),
        Case.sure("a schema in mixed case that is preserved")
            .before(mixed)
            .with(Map.of(SCHEMA, "App", "liquibase.preserveSchemaCase", "true")),
        Case.unsure("the schema of another catalog")
            .configured(database -> database.setLiquibaseCatalogName("elsewhere")));
  }

  private static Consumer<Database> byDefaultIn(String schema) {
    return database -> {
      try {
        database.setDefaultSchemaName(schema);
      } catch (DatabaseException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  private static Stream<Case> rights() {
    String all = "GRANT ALL ON databasechangelog TO :role";
    String hiding = "hideUnprivilegedObjects";
    return Stream.of(
        Case.sure("a role that may read").seenBy("GRANT SELECT ON databasechangelog TO :role"),
        Case.unsure("a role that may only write")
            .seenBy("GRANT INSERT ON databasechangelog TO :role"),
        Case.unsure("a role that may read one column")
            .seenBy("GRANT SELECT (id) ON databasechangelog TO :role"),
        Case.unsure("a role without rights").seenBy("SELECT"),
        Case.unsure("a role without the schema")
            .seenBy(all, "REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        Case.unsure("a role without rights, and a driver that hides").seenBy("SELECT").over(hiding),
        Case.unsure("a role without the schema, and a driver that hides")
            .seenBy(all, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
            .over(hiding),
        Case.sure("a role that may read, and a driver that hides").seenBy(all).over(hiding),
        Case.unsure("a role that may not ask for its rights")
            .seenBy(
                all,
                "REVOKE EXECUTE ON FUNCTION pg_catalog.has_table_privilege(oid, text) FROM PUBLIC"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldDecideLikeLiquibase(Case one) throws Exception {
    execute(one.before());
    if (one.made()) {
      try (LocalLiquibase maker = liquibase(one, scene.database().owner())) {
        maker.inScope(() -> stock(maker.database()).init());
      }
    }
    execute(one.after());
    Login login =
        one.grants().isEmpty()
            ? scene.database().owner()
            : scene.database().createLogin(one.grants().toArray(String[]::new));

    try (LocalLiquibase liquibase = liquibase(one, login)) {
      liquibase.inScope(() -> compare(one, liquibase.database()));
    }
  }

  private void execute(List<String> statements) {
    statements.forEach(
        sql -> scene.database().execute(sql.replace(":db", scene.database().name())));
  }

  private LocalLiquibase liquibase(Case one, Login login) throws Exception {
    JdbcUrl url = JdbcUrl.parse(scene.database().url("local"));
    JdbcUrl asked = one.urlParameter().isEmpty() ? url : url.with(one.urlParameter(), "true");
    Connection connection =
        DriverManager.getConnection(asked.toString(), login.user(), login.password());
    LocalLiquibase liquibase = LocalLiquibase.on(connection, folder);
    one.settings().forEach(liquibase::with);
    one.configuration().accept(liquibase.database());
    return liquibase;
  }

  private static StandardChangeLogHistoryService stock(Database database) {
    StandardChangeLogHistoryService service = new StandardChangeLogHistoryService();
    service.setDatabase(database);
    return service;
  }

  private void compare(Case one, Database database) throws Exception {
    boolean sure = HistoryTableProbe.isSurelyComplete(database);
    String decision = HistoryTableProbe.of(database);
    String snapshot = bySnapshot(database);
    List<String> catalog = scene.database().list(CATALOG);
    List<String> failures = initAsStock(database);

    assertThat(decision).isEqualTo(snapshot);
    assertThat(sure).as("sure of it").isEqualTo(one.sure());
    if (sure) {
      assertThat(decision).isEqualTo("COMPLETE");
      assertThat(failures).isEmpty();
      assertThat(scene.database().list(CATALOG)).as("after Liquibase").isEqualTo(catalog);
    }
  }

  private static List<String> initAsStock(Database database) throws DatabaseException {
    List<String> failures = new ArrayList<>();
    try {
      stock(database).init();
    } catch (DatabaseException | RuntimeException e) {
      failures.add(e.toString());
    }
    database.rollback();
    return failures;
  }

  private static String bySnapshot(Database database) throws DatabaseException {
    Table table =
        SnapshotGeneratorFactory.getInstance()
            .getDatabaseChangeLogTable(
                new SnapshotControl(database, false, Table.class, Column.class), database);
    if (table == null) {
      return "ABSENT";
    }
    return SHORTEST.entrySet().stream()
            .allMatch(wanted -> isLongEnough(table.getColumn(wanted.getKey()), wanted.getValue()))
        ? "COMPLETE"
        : "OUTDATED";
  }

  private static boolean isLongEnough(Column column, int shortest) {
    if (column == null) {
      return false;
    }
    Integer size = column.getType() == null ? null : column.getType().getColumnSize();
    return size == null || size >= shortest;
  }
}
