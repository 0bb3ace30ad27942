package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.CompatibilityMatrix.Cell;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import io.github.advisorylock.it.LockProbe.Session;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a promise is kept: an empty database on the server of a cell, and two processes that run on
 * it with the releases and the pool of that cell.
 */
record CompatibilityStage(
    Cell cell, Database database, Path migrations, Runner first, Runner second) {
  static final String KEY_NAME = "compatibility";
  static final LockKey KEY = LockKey.named(KEY_NAME);

  /** What the first migration creates after it has stopped at the brake. */
  static final String TABLE = "big";

  /** The versions of the migrations. */
  static final List<String> ALL = List.of("1", "2");

  private static final String INDEX = "big_id";
  private static final int CONNECTIONS = 3;

  /** Writes the migrations, the same for each promise. */
  static void writeMigrations(Tool tool, Path folder) {
    new Migrations()
        .versioned(
            "1", "stop", Brake.SQL, "CREATE TABLE big AS SELECT generate_series(1, 100) AS id")
        .nonTransactional("2", "index", "CREATE INDEX CONCURRENTLY big_id ON big (id)")
        .writeTo(folder, tool);
  }

  Tool tool() {
    return cell.line().tool();
  }

  LockProbe probe() {
    return new LockProbe(database);
  }

  /** Starts a run with these settings of the lock, names and values. */
  void run(Runner runner, String... settings) {
    Rollout rollout =
        Rollout.of(tool(), database, new Migrations()).setting(tool().settings() + "key", KEY_NAME);
    cell.pool().ifPresent(pool -> rollout.pool(pool, CONNECTIONS));
    for (int i = 0; i < settings.length; i += 2) {
      rollout.setting(tool().settings() + settings[i], settings[i + 1]);
    }
    runner.carryOut(rollout.instructions(runner.name(), migrations));
  }

  /** Waits until somebody waits for the lock; those sessions. */
  List<Session> awaitWaiting() {
    probe().awaitUntil(() -> !waiting().isEmpty(), "somebody waits for the lock");
    return waiting();
  }

  private List<Session> waiting() {
    String name = tool().sessions() + " waits for " + KEY_NAME;
    return probe().sessions().stream()
        .filter(session -> session.application().startsWith(name))
        .toList();
  }

  /** Ends the session that holds the lock, and returns when it has gone. */
  void terminateHolder() {
    AdvisoryLockRow holder = probe().holders(KEY.value()).get(0);
    database.execute("SELECT pg_terminate_backend(" + holder.pid() + ")");
    probe().awaitUntil(() -> probe().holders(KEY.value()).isEmpty(), "the holder has gone");
  }

  List<String> tables() {
    return database.list("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  }

  /** The index was created while somebody else waited for the lock, if somebody did. */
  void assertMigrated() {
    assertThat(tables()).contains(TABLE);
    assertThat(database.count(MigrationLockContract.VALID_INDEXES.formatted(INDEX))).isEqualTo(1);
  }
}
