package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Commands that only print what another would do: they take no lock, write nothing, and print what
 * Liquibase prints by itself, but for the statements about its own lock.
 */
class LiquibaseSqlCommandsIT extends LocalLiquibaseScene {

  private static final String CHANGELOG = "tagged.xml";

  /** The first two of its changesets have run before each test. */
  private static final String CHANGESETS =
      """
      <databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
          xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
              http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
        <changeSet id="1" author="it"><tagDatabase tag="v1"/></changeSet>
        <changeSet id="2" author="it">
          <sql>CREATE TABLE two (id int)</sql><rollback>DROP TABLE two</rollback>
        </changeSet>
        <changeSet id="3" author="it">
          <sql>CREATE TABLE three (id int)</sql><rollback>DROP TABLE three</rollback>
        </changeSet>
        <changeSet id="4" author="it"><tagDatabase tag="v2"/></changeSet>
      </databaseChangeLog>
      """;

  private static final String ROWS =
      "SELECT h::text FROM databasechangelog h UNION ALL SELECT l::text FROM databasechangeloglock l";

  /** A command, and its argument besides the changelog. */
  private record Command(String name, String argument, Object value) {
    @Override
    public String toString() {
      return name;
    }

    Map<String, Object> arguments() {
      Map<String, Object> arguments = new LinkedHashMap<>();
      arguments.put("changelogFile", CHANGELOG);
      if (!argument.isEmpty()) {
        arguments.put(argument, value);
      }
      return arguments;
    }
  }

  private static Stream<Command> commands() {
    return Stream.of(
        new Command("updateSql", "", ""),
        new Command("updateCountSql", "count", 1),
        new Command("updateToTagSql", "tag", "v2"),
        new Command("rollbackSql", "tag", "v1"),
        new Command("rollbackCountSql", "count", 1),
        new Command("rollbackToDateSql", "date", Date.from(Instant.EPOCH)),
        new Command("futureRollbackSql", "", ""),
        new Command("futureRollbackCountSql", "count", 1),
        new Command("futureRollbackFromTagSql", "tag", "v2"),
        new Command("changelogSyncSql", "", ""),
        new Command("changelogSyncToTagSql", "tag", "v2"),
        new Command("markNextChangesetRanSql", "", ""));
  }

  @BeforeEach
  void writeChangelog() throws Exception {
    Files.writeString(folder.resolve(CHANGELOG), CHANGESETS);
  }

  private LocalLiquibase stock(Database database) {
    return liquibase(database, database.owner(), folder).with(SETTINGS + "active", "false");
  }

  private void runTwoChangesets(Database database) throws Exception {
    stock(database).run("updateCount", Map.of("changelogFile", CHANGELOG, "count", 2));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldPrintBesideAHolderWhatLiquibasePrints(Command command) throws Exception {
    try (Database other = Server.get().freshDatabase()) {
      runTwoChangesets(other);
      LocalLiquibase stock = stock(other);
      stock.run(command.name(), command.arguments());
      runTwoChangesets(scene.database());
      liquibase().lockService().waitForLock();
      LocalLiquibase printing = liquibase().with(SETTINGS + "timeout", "0");
      List<String> tables = scene.database().list(TABLES);
      List<String> rows = scene.database().list(ROWS);

      printing.run(command.name(), command.arguments());

      assertThat(statements(printing)).isEqualTo(statements(stock)).isNotEmpty();
      assertThat(printing.output()).doesNotContainIgnoringCase("databasechangeloglock");
      assertThat(scene.database().list(TABLES)).isEqualTo(tables);
      assertThat(scene.database().list(ROWS)).isEqualTo(rows);
      assertThat(locks()).hasSize(1);
    }
  }

  /** The two tables are what a run of the printed script would have to create. */
  @ParameterizedTest
  @MethodSource("commands")
  void shouldPrintOnAnEmptyDatabaseWhatLiquibasePrints(Command command) throws Exception {
    if (command.name().startsWith("rollback")) {
      return; // there is nothing to print
    }
    try (Database other = Server.get().freshDatabase()) {
      LocalLiquibase stock = stock(other);
      stock.run(command.name(), command.arguments());
      liquibase().lockService().waitForLock();
      LocalLiquibase printing = liquibase().with(SETTINGS + "timeout", "0");

      printing.run(command.name(), command.arguments());

      assertThat(statements(printing)).isEqualTo(statements(stock)).isNotEmpty();
      assertThat(printing.output())
          .contains("CREATE TABLE public.databasechangelog ")
          .contains("CREATE TABLE public.databasechangeloglock ")
          .doesNotContain("UPDATE public.databasechangeloglock");
      assertThat(scene.database().list(TABLES)).isEmpty();
      assertThat(locks()).hasSize(1);
    }
  }

  /** In no order, since Liquibase creates the table of its lock when it takes that. */
  private static List<String> statements(LocalLiquibase liquibase) {
    return liquibase
        .output()
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("--"))
        .filter(line -> !line.startsWith("UPDATE public.databasechangeloglock"))
        .filter(line -> !line.startsWith("SET SEARCH_PATH")) // 4.27: as often as it rolls back
        .map(line -> line.replaceAll("'[0-9]{10}'", "'deployment'"))
        .sorted()
        .toList();
  }
}
