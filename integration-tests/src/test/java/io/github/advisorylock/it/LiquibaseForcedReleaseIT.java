package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import liquibase.Liquibase;
import liquibase.exception.LiquibaseException;
import liquibase.lockservice.LockService;
import liquibase.resource.DirectoryResourceAccessor;
import org.junit.jupiter.api.Test;

/**
 * Programs that force the release of the lock as a matter of course: what works with stock
 * Liquibase works with the jar, and no healthy run is ended.
 */
class LiquibaseForcedReleaseIT extends LocalLiquibaseScene {

  private static final int REPLICAS = 5;
  private static final int ROUNDS = 4;

  /** A run for each replica, so that each has a next one while it releases. */
  private static Migrations slowEachTime() {
    return new Migrations().everyRun("1 always", Work.BEGIN, Work.TAKE_A_WHILE, Work.END);
  }

  /** Lets the task run in each of so many threads, all at once. */
  private void runAtOnce(int threads, Task task) throws Exception {
    List<LiquibaseThread> all = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      LocalLiquibase liquibase = liquibase();
      all.add(LiquibaseThread.start(() -> task.run(liquibase)));
    }
    for (LiquibaseThread thread : all) {
      thread.finish();
    }
  }

  /** What a thread does with a separate Liquibase. */
  private interface Task {
    void run(LocalLiquibase liquibase) throws Exception;
  }

  @Test
  void shouldEndNoRunOfAnotherThreadAfterAnUpdate() throws Exception {
    Work work = Work.recordIn(scene.database());
    write(slowEachTime());

    for (int round = 0; round < ROUNDS; round++) {
      runAtOnce(
          REPLICAS,
          liquibase -> {
            try {
              liquibase.update();
            } finally {
              liquibase.run("releaseLocks", Map.of());
            }
          });
    }

    assertThat(work.ended()).isEqualTo(ROUNDS * REPLICAS);
    assertThat(work.overlaps()).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldEndNoRunOfAnotherProcessAfterAnUpdate() {
    Work work = Work.recordIn(scene.database());
    scene
        .replicas()
        .start(
            REPLICAS,
            Rollout.of(Tool.LIQUIBASE, scene.database(), slowEachTime())
                .andFinally("releaseLocks"));

    assertThat(scene.replicas().go().outcomes()).allMatch(Outcome::ok, "ok");

    assertThat(work.ended()).isEqualTo(REPLICAS);
    assertThat(work.overlaps()).isEmpty();
  }

  @Test
  void shouldEndNoRunBeforeAnUpdate() throws Exception {
    Work work = Work.recordIn(scene.database());
    write(slowEachTime());

    runAtOnce(
        REPLICAS,
        liquibase -> {
          liquibase.run("releaseLocks", Map.of());
          liquibase.update();
        });

    assertThat(work.ended()).isEqualTo(REPLICAS);
    assertThat(work.overlaps()).isEmpty();
  }

  @Test
  void shouldEndNoRunWithTheFacadeOfLiquibase() throws Exception {
    Work work = Work.recordIn(scene.database());
    write(slowEachTime());

    runAtOnce(
        REPLICAS,
        liquibase ->
            liquibase.inScope(
                () -> {
                  @SuppressWarnings("resource") // the test closes the connection
                  Liquibase facade =
                      new Liquibase(
                          Migrations.CHANGELOG,
                          new DirectoryResourceAccessor(folder),
                          liquibase.database());
                  try {
                    update(facade);
                  } finally {
                    facade.forceReleaseLocks();
                  }
                }));

    assertThat(work.ended()).isEqualTo(REPLICAS);
    assertThat(work.overlaps()).isEmpty();
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldEndNoRunInAnotherSchema() throws Exception {
    scene.database().execute("CREATE SCHEMA one", "CREATE SCHEMA two");
    write(new Migrations().versioned("1", "stop", Brake.SQL, "CREATE TABLE done (id int)"));
    LocalLiquibase one = liquibase();
    one.database().setDefaultSchemaName("one");
    LocalLiquibase two = liquibase();
    two.database().setDefaultSchemaName("two");
    try (Brake brake = Brake.on(scene.database())) {
      LiquibaseThread run = LiquibaseThread.start(one::update);
      brake.awaitStopped();

      two.run("releaseLocks", Map.of());

      brake.release();
      run.finish();
    }
    assertThat(scene.database().list("SELECT id FROM one.databasechangelog")).containsExactly("1");
  }

  /** As an application does whose shutdown comes while another of its threads migrates. */
  @Test
  void shouldEndNoRunOfAnotherThreadOnTheSameConnection() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LocalLiquibase liquibase = liquibase();
    LockService service = liquibase.lockService();
    List<Integer> locks = new ArrayList<>();

    liquibase.update(
        afterAChangeset(
            () -> {
              LiquibaseThread.start(service::forceReleaseLock).finish();
              locks.add(locks().size());
            }));

    assertThat(locks).containsExactly(1, 1);
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldKeepTheLockOfTheRunThatItIsAskedFromWithin() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LocalLiquibase liquibase = liquibase();
    List<Integer> locks = new ArrayList<>();

    liquibase.update(
        afterAChangeset(
            () -> {
              liquibase.run("releaseLocks", Map.of());
              liquibase.lockService().forceReleaseLock();
              locks.add(locks().size());
            }));

    assertThat(locks).containsExactly(1, 1);
    assertThat(locks()).isEmpty();
  }

  @SuppressWarnings("deprecation") // in releases before 4.28
  private static void update(Liquibase facade) throws LiquibaseException {
    facade.update("");
  }
}
