package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many connections a pool has to have for Flyway, as it comes and with the jar; as a table in
 * {@code target/pool-sizes.md}, too.
 */
class PoolSizesIT {

  private static final int LARGEST = 3;
  private static final Path TABLE = Path.of("target", "pool-sizes.md");
  private static final String COMPLETES = "completes";
  private static final Pattern DOCUMENTED =
      Pattern.compile("(?m)^\\| ([\\d, ]+) \\| (yes|no) \\| (.+) \\| (.+) \\|$");

  @TempDir Path folder;

  @Test
  void shouldCompleteOrNotAsTheManualSays() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (boolean callback : new boolean[] {false, true}) {
      for (int size = 1; size <= LARGEST; size++) {
        rows.add(
            new Row(size, callback, migrate(size, callback, false), migrate(size, callback, true)));
      }
    }
    write(rows);

    assertThat(documented()).hasSize(5).isSubsetOf(rows);
    assertThat(rows)
        .filteredOn(row -> !row.callback && row.size == 2)
        .singleElement()
        .returns(COMPLETES, Row::stock)
        .returns(COMPLETES, Row::withTheJar);
    assertThat(rows)
        .filteredOn(row -> row.size == LARGEST)
        .allMatch(row -> row.withTheJar.equals(COMPLETES), "completes with the jar");
  }

  /** What the manual says, where a line may be for several sizes. */
  private static List<Row> documented() {
    return DOCUMENTED
        .matcher(Manual.page("operations.md").text())
        .results()
        .flatMap(
            line ->
                Stream.of(line.group(1).split(", ", -1))
                    .map(
                        size ->
                            new Row(
                                Integer.parseInt(size),
                                line.group(2).equals("yes"),
                                line.group(3),
                                line.group(4))))
        .toList();
  }

  /** Migrates an empty database of its own; how that ended. */
  private String migrate(int size, boolean callback, boolean active) throws IOException {
    Path migrations = folder.resolve("callback-" + callback);
    Migrations shop = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    if (callback) {
      shop.everyRun("look", "SELECT count(*) FROM one");
    }
    shop.writeTo(migrations, Tool.FLYWAY);
    try (Database database = Server.get().freshDatabase();
        HikariDataSource pool = pool(database, size)) {
      Flyway flyway =
          Flyway.configure()
              .dataSource(pool)
              .locations("filesystem:" + migrations)
              .configuration(
                  Map.of(
                      "flyway.advisoryLock.active",
                      "" + active,
                      "flyway.advisoryLock.timeout",
                      "1s"))
              .load();
      String ending = COMPLETES;
      try {
        flyway.migrate();
      } catch (FlywayException e) {
        assertThat(ReplicaMain.messages(e)).contains("Connection is not available");
        ending = "pool exhausted";
      }
      new LockProbe(database)
          .awaitUntil(
              () -> pool.getHikariPoolMXBean().getActiveConnections() == 0,
              "every connection is back in the pool");
      assertThat(new LockProbe(database).advisoryLocks()).isEmpty();
      return ending;
    }
  }

  /** All connections are there before the first is asked for, so that only their number counts. */
  private static HikariDataSource pool(Database database, int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(database.dataSource());
    config.setMaximumPoolSize(size);
    config.setConnectionTimeout(1_000);
    HikariDataSource pool = new HikariDataSource(config);
    new LockProbe(database)
        .awaitUntil(
            () -> pool.getHikariPoolMXBean().getIdleConnections() == size, "the pool is full");
    return pool;
  }

  private static void write(List<Row> rows) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("| maximumPoolSize | afterMigrate.sql | stock | with the jar |");
    lines.add("|---|---|---|---|");
    rows.forEach(row -> lines.add(row.line()));
    Files.createDirectories(TABLE.getParent());
    Files.write(TABLE, lines);
    lines.forEach(System.out::println);
  }

  private record Row(int size, boolean callback, String stock, String withTheJar) {
    String line() {
      return "| %d | %s | %s | %s |".formatted(size, callback ? "yes" : "no", stock, withTheJar);
    }
  }
}
