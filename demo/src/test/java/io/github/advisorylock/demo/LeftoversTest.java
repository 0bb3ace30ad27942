package io.github.advisorylock.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {

  /** Never used up where everything is as it should be. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    server = Server.start(20);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static Take take(List<String> leftovers) {
    return new Take(Instant.now(), List.of(), leftovers);
  }

  private static Comparison comparison(List<String> leftovers) {
    Scene scene = Scenes.ofFlyway(Scenes.FEW).get(0);
    return new Comparison(scene, take(List.of()), take(leftovers));
  }

  private static long count(Database observer, String sql, Database database) {
    return observer.query(sql + "'" + database.name() + "'", row -> row.getLong(1)).get(0);
  }

  private static boolean isLeft(Database observer, Database database) {
    return count(observer, "SELECT count(*) FROM pg_stat_activity WHERE datname = ", database) == 0;
  }

  private static long sessions(Database observer, Database database) throws Exception {
    assertThat(Pause.until(PATIENCE, () -> isLeft(observer, database))).isTrue();
    return count(observer, "SELECT sessions FROM pg_stat_database WHERE datname = ", database);
  }

  /** One that was closed just before would be counted as left behind. */
  @Test
  void shouldLookForLeftoversOnOneConnection() throws Exception {
    Database observer = server.createDatabase("observer");
    Database database = server.createDatabase("own sessions");
    long before = sessions(observer, database);

    assertThat(database.leftovers(PATIENCE)).isEmpty();

    assertThat(sessions(observer, database) - before).isEqualTo(1);
    server.dropDatabase(database);
    server.dropDatabase(observer);
  }

  @Test
  void shouldFailTheDemoAndShowOnThePageThatASessionWasLeftBehind(@TempDir Path folder)
      throws Exception {
    Database database = server.createDatabase("left session");
    Path page = folder.resolve("rollout.html");
    try (Connection left = DriverManager.getConnection(database.url(1, Map.of()), Server.USER, "");
        ResultSet pid = left.createStatement().executeQuery("SELECT pg_backend_pid()")) {
      pid.next();
      String session = "session %d (idle)".formatted(pid.getInt(1));

      List<Comparison> played = List.of(comparison(database.leftovers(Duration.ZERO)));

      assertThat(Rollout.failedWithLock(played)).hasSize(1);
      Page.write("PostgreSQL", played, page);
      assertThat(Files.readString(page)).contains("left behind: " + session);
    }
    server.dropDatabase(database);
  }

  @Test
  void shouldReportAnAdvisoryLockThatWasLeftBehind() throws Exception {
    Database database = server.createDatabase("left lock");
    try (Connection left =
        DriverManager.getConnection(database.url(7, Map.of()), Server.USER, "")) {
      left.createStatement().execute("SELECT pg_advisory_lock(1)");

      assertThat(database.leftovers(Duration.ZERO)).contains("advisory lock held by replica-7");
    }
    assertThat(database.leftovers(PATIENCE)).isEmpty();
    server.dropDatabase(database);
  }
}
