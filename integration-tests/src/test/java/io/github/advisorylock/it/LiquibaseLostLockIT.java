package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import org.junit.jupiter.api.Test;

/** A run of Liquibase that loses its lock while it works. */
class LiquibaseLostLockIT extends LocalLiquibaseScene {

  private static final String LOST = "The advisory lock " + LockKey.MIGRATION + " was lost: ";

  @Test
  void shouldNoticeAScriptThatReleasesTheLock() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "SELECT pg_advisory_unlock_all()")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LiquibaseThread run = LiquibaseThread.start(liquibase()::update);

    assertThat(run.failure())
        .hasStackTraceContaining(LOST)
        .hasStackTraceContaining("a statement on it has released it");
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
  }

  @Test
  void shouldNotRunTheNextChangesetWhenTheLockSessionHasGone() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)", Brake.SQL)
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    try (Brake brake = Brake.on(scene.database())) {
      LiquibaseThread run = LiquibaseThread.start(withOwnLockSession(liquibase())::update);
      brake.awaitStopped();
      scene.terminateHolder();
      LiquibaseThread next = LiquibaseThread.start(withOwnLockSession(liquibase())::update);
      scene.awaitHolder();
      assertThat(brake.stopped()).isEqualTo(1);

      brake.release();

      assertThat(run.failure()).hasStackTraceContaining(LOST).hasStackTraceContaining("57P01");
      next.finish();
    }
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1", "2");
    assertThat(locks()).isEmpty();
  }

  @Test
  void shouldHaveTheServerLookForItsClientWhileItWorks() throws Exception {
    String setting = "SELECT current_setting('client_connection_check_interval') AS value";
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE seen AS " + setting)
            .nonTransactional("2", "two", "INSERT INTO seen " + setting));
    LocalLiquibase liquibase = liquibase();

    liquibase.update();

    assertThat(scene.database().list("SELECT * FROM seen")).containsExactly("1s", "1s");
    try (var statement = liquibase.connection().createStatement();
        var row = statement.executeQuery(setting)) {
      row.next();
      assertThat(row.getString(1)).isEqualTo("0");
    }
  }
}
