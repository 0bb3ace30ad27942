package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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

  /** A server says only once why it ends a session, here to Liquibase. */
  @Test
  void shouldPointAtTheReasonThatTheServerHasGiven() throws Exception {
    write(
        new Migrations()
            .versioned("1", "one", "CREATE TABLE one (id int)")
            .versioned("2", "two", "CREATE TABLE two (id int)"));
    LocalLiquibase liquibase = liquibase();
    LiquibaseThread run =
        LiquibaseThread.start(
            () -> liquibase.update(afterAChangeset(() -> idleTooLong(liquibase.connection()))));

    assertThat(run.failure()).hasStackTraceContaining("idle-in-transaction timeout");
    assertThat(liquibase.messages())
        .contains(LOST)
        .contains("If the server ended the session, the statement that failed first says why");
    assertThat(scene.database().list(TABLES)).doesNotContain("two");
  }

  private void idleTooLong(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET idle_in_transaction_session_timeout = '100ms'");
      connection.setAutoCommit(false);
      statement.execute("SELECT 1");
    }
    scene.probe().awaitUntil(() -> scene.probe().sessions().isEmpty(), "the session has ended");
  }

  @Test
  void shouldLeaveWhatAScriptHasSetForItsSession() throws Exception {
    write(
        new Migrations()
            .versioned(
                "1",
                "settings",
                "SET application_name = 'the application'",
                "SET tcp_keepalives_idle = 77",
                "SET client_connection_check_interval = '7s'"));
    LocalLiquibase liquibase = liquibase();

    liquibase.update();

    assertThat(setting(liquibase, "application_name")).isEqualTo("the application");
    assertThat(setting(liquibase, "tcp_keepalives_idle")).isEqualTo("77");
    assertThat(setting(liquibase, "client_connection_check_interval")).isEqualTo("7s");
    assertThat(setting(liquibase, "tcp_user_timeout")).isEqualTo("0");
  }

  private static String setting(LocalLiquibase liquibase, String name) throws SQLException {
    try (Statement statement = liquibase.connection().createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
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
