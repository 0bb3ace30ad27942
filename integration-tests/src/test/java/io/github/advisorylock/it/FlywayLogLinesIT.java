package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** How many lines the lock adds to those that stock Flyway logs at INFO and above. */
class FlywayLogLinesIT {

  private static final int MIGRATIONS = 2;
  private static final int STATEMENTS = 6;
  private static final int LINES_OF_A_RUN = 2;
  private static final int LINES_OF_A_MIGRATION = 2;
  private static final int LINES_WITHOUT_CREATE_SCHEMAS = 2;

  /** What Flyway logs of each Java callback from 13.12 on. */
  private static final String JAVA_CALLBACK = "Executing Java callback: ";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  @BeforeEach
  void writeMigrations() throws IOException {
    for (int version = 1; version <= MIGRATIONS; version++) {
      write("V" + version + "__tables.sql", createTables("v" + version));
    }
  }

  private static String[] createTables(String prefix) {
    return IntStream.rangeClosed(1, STATEMENTS)
        .mapToObj(number -> "CREATE TABLE %s_%d (id int)".formatted(prefix, number))
        .toArray(String[]::new);
  }

  private void write(String file, String... statements) throws IOException {
    Files.writeString(folder.resolve(file), String.join(";\n", statements) + ";");
  }

  /** The lines of a run in a separate schema, with the lock or with stock Flyway. */
  private List<String> migrate(boolean active) {
    return migrate(active, true);
  }

  private List<String> migrate(boolean active, boolean createSchemas) {
    Transcript transcript = new Transcript();
    transcript.listenToFlyway();
    Flyway.configure()
        .loggers(Transcript.ForFlyway.class.getName())
        .dataSource(scene.database().url(), scene.database().user(), scene.database().password())
        .locations("filesystem:" + folder)
        .createSchemas(createSchemas)
        .defaultSchema(active ? "locked" : "stock")
        .configuration(Map.of("flyway.advisoryLock.active", Boolean.toString(active)))
        .load()
        .migrate();
    return transcript.linesAtInfoOrAbove();
  }

  private int linesAdded() {
    int stock = migrate(false).size();
    return migrate(true).size() - stock;
  }

  @Test
  void shouldAddFewLinesToARunThatMigrates() {
    assertThat(linesAdded())
        .isLessThanOrEqualTo(LINES_OF_A_RUN + MIGRATIONS * LINES_OF_A_MIGRATION);
  }

  @Test
  void shouldAddFewLinesToARunWithNothingToDo() {
    migrate(false);
    migrate(true);

    assertThat(linesAdded()).isLessThanOrEqualTo(LINES_OF_A_RUN);
  }

  @Test
  void shouldAddFewLinesWhereFlywayDoesNotCreateSchemas() {
    migrate(false);
    migrate(true);

    int stock = migrate(false, false).size();

    assertThat(migrate(true, false).size() - stock)
        .isLessThanOrEqualTo(LINES_OF_A_RUN + LINES_WITHOUT_CREATE_SCHEMAS);
  }

  @Test
  void shouldAddNoLinesForStatementsInATransaction() throws IOException {
    int before = linesAdded();
    write("V9__more.sql", createTables("v9"));

    int after = linesAdded();

    assertThat(before).isLessThanOrEqualTo(LINES_OF_A_RUN + MIGRATIONS * LINES_OF_A_MIGRATION);
    assertThat(after).isLessThanOrEqualTo(LINES_OF_A_RUN + LINES_OF_A_MIGRATION);
  }

  @Test
  void shouldHaveReadableNamesInTheLog() throws IOException {
    write("afterMigrate.sql", "SELECT 1");

    assertThat(migrate(true))
        .filteredOn(line -> line.startsWith(JAVA_CALLBACK))
        .allMatch(line -> line.endsWith(" - advisory lock"));
  }
}
