package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.LockKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several Flyway objects in one JVM, at the same time, do not disturb each other. */
@Timeout(120) // a run that is stuck would be waited for without a bound
class FlywaySeveralIT {

  private static final int THREADS = 4;

  private static final String KEYS =
      "SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks"
          + " WHERE locktype = 'advisory' AND granted AND database ="
          + " (SELECT oid FROM pg_database WHERE datname = current_database())";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private FluentConfiguration configure(Database database) {
    return Flyway.configure()
        .dataSource(database.url(), database.user(), database.password())
        .locations("filesystem:" + folder);
  }

  private void write(Migrations migrations) {
    migrations.writeTo(folder, Tool.FLYWAY);
  }

  @Test
  void shouldKeepThreadsApartOnOneDatabase() throws Exception {
    Work work = Work.recordIn(scene.database());
    write(
        new Migrations()
            .versioned("1", "one", Work.BEGIN, Work.TAKE_A_WHILE, Work.END)
            .everyRun("every run", Work.BEGIN, Work.TAKE_A_WHILE, Work.END));
    Flyway shared = configure(scene.database()).load();
    List<Flyway> flyways = new ArrayList<>(List.of(shared, shared));
    flyways.add(configure(scene.database()).load());
    // A copy carries over the callbacks of its origin, but must not share its lock.
    flyways.add(new FluentConfiguration().configuration(shared.getConfiguration()).load());

    migrateAtOnce(flyways);

    assertThat(work.ended()).isEqualTo(1 + THREADS);
    assertThat(work.overlaps()).isEmpty();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldMigrateTwoDatabasesAtOnce() throws Exception {
    try (Database other = Server.get().freshDatabase();
        Brake one = Brake.on(scene.database());
        Brake two = Brake.on(other);
        Threads threads = new Threads()) {
      write(new Migrations().versioned("1", "stop", Brake.SQL));
      List<Future<?>> runs =
          List.of(
              threads.submit(configure(scene.database()).load()),
              threads.submit(configure(other).load()));

      one.awaitStopped();
      two.awaitStopped();
      one.release();
      two.release();

      for (Future<?> run : runs) {
        run.get();
      }
      new LockProbe(other).awaitNothingLeft();
      scene.probe().awaitNothingLeft();
    }
  }

  @Test
  void shouldHoldTheLockOfAnotherDatabaseWhileACallbackMigratesThisOne() throws IOException {
    try (Database other = Server.get().freshDatabase()) {
      Path inner = Files.createDirectories(folder.resolve("inner"));
      Path outer = Files.createDirectories(folder.resolve("outer"));
      Files.writeString(inner.resolve("V1__inner.sql"), "CREATE TABLE inner_one (id int);");
      Files.writeString(outer.resolve("V1__outer.sql"), "CREATE TABLE outer_one (id int);");
      Flyway nested = configure(other).locations("filesystem:" + inner).load();
      List<String> seen = new ArrayList<>();

      configure(scene.database())
          .locations("filesystem:" + outer)
          .callbacks(
              new FlywayCallback(
                  "AFTER_MIGRATE",
                  () -> {
                    nested.migrate();
                    seen.add(new LockProbe(other).advisoryLocks().size() + " in the other");
                    seen.add(scene.probe().advisoryLocks().size() + " here");
                  }))
          .load()
          .migrate();

      assertThat(seen).containsExactly("0 in the other", "2 here"); // the lock, and that for work
      scene.probe().awaitNothingLeft();
    }
  }

  @Test
  void shouldReportThatARunInsideOfAnotherWaitsForItself() {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
    Flyway inner =
        configure(scene.database())
            .table("inner_history")
            .configuration(Map.of("flyway.advisoryLock.timeout", "0"))
            .load();
    Flyway outer =
        configure(scene.database())
            .callbacks(new FlywayCallback("AFTER_MIGRATE", inner::migrate))
            .load();

    assertThatThrownBy(outer::migrate)
        .hasStackTraceContaining("That is this thread itself")
        .hasStackTraceContaining("scope=schema")
        .extracting(ReplicaMain::messages)
        .asString()
        .doesNotContain("pg_terminate_backend");
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldReportThatAnotherThreadOfItsProcessHoldsTheLock() throws Exception {
    write(new Migrations().versioned("1", "stop", Brake.SQL));
    Flyway second =
        configure(scene.database())
            .configuration(Map.of("flyway.advisoryLock.timeout", "0"))
            .load();
    try (Brake brake = Brake.on(scene.database());
        Threads threads = new Threads()) {
      Future<?> first = threads.submit(configure(scene.database()).load());
      brake.awaitStopped();

      assertThatThrownBy(second::migrate)
          .hasStackTraceContaining("another run of this process, on thread pool-")
          .hasStackTraceContaining("scope=schema")
          .extracting(ReplicaMain::messages)
          .asString()
          .doesNotContain("pg_terminate_backend");

      brake.release();
      first.get();
    }
  }

  /** Such as one that repairs before it migrates, as some applications do. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldKeepTheLockWhileACallbackUsesTheSameFlyway(boolean createSchemas) {
    write(new Migrations().versioned("1", "one", "CREATE TABLE seen AS " + KEYS));
    List<Flyway> flyways = new ArrayList<>();
    flyways.add(
        configure(scene.database())
            .createSchemas(createSchemas)
            .validateOnMigrate(false) // then older releases do not show their main connection
            .callbacks(new FlywayCallback("BEFORE_MIGRATE", () -> flyways.get(0).repair()))
            .load());

    flyways.get(0).migrate();

    assertThat(scene.database().list("SELECT key FROM seen"))
        .contains(text(LockKey.MIGRATION), text(LockKey.MIGRATION.forWork()));
    scene.probe().awaitNothingLeft();
  }

  private static String text(LockKey key) {
    return String.valueOf(key.value());
  }

  private static void migrateAtOnce(List<Flyway> flyways) throws Exception {
    try (Threads threads = new Threads()) {
      List<Future<?>> runs = new ArrayList<>();
      for (Flyway flyway : flyways) {
        runs.add(threads.submit(flyway));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** Threads that end with the test. */
  private static final class Threads implements AutoCloseable {
    private final ExecutorService executor = Executors.newFixedThreadPool(THREADS);

    Future<?> submit(Flyway flyway) {
      return executor.submit(flyway::migrate);
    }

    @Override
    public void close() {
      executor.shutdownNow();
    }
  }
}
