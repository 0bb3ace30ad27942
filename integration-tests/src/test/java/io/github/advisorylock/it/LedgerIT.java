package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@link ChaosIT} finds nothing wrong if this one is blind: sessions that do what must not be. */
class LedgerIT {
  @RegisterExtension final Scene scene = new Scene();
  private Ledger ledger;
  private Connection one;
  private Connection other;

  @BeforeEach
  void open() {
    ledger = Ledger.open(scene.database(), Tool.FLYWAY);
    one = scene.database().connect();
    other = scene.database().connect();
  }

  @AfterEach
  void close() throws SQLException {
    one.close();
    other.close();
  }

  @Test
  void shouldFindNothingWhenOneWorksAfterTheOther() throws SQLException {
    end(begin("1", "one", one));
    end(begin("2", "other", other));

    assertThat(ledger.overlaps()).isEmpty();
    assertThat(ledger.begunAgain()).isEmpty();
  }

  private void apply(String version, String runner, Connection connection) throws SQLException {
    long work = begin(version, runner, connection);
    scene
        .database()
        .execute(
            "INSERT INTO harness.applied VALUES (%d, '%s', '%s')".formatted(work, version, runner));
    end(work);
  }

  @Test
  void shouldFindWorkThatWasDoneAgainThoughItWasNotInterrupted() throws SQLException {
    apply("1", "one", one);
    apply("1", "other", other);
    assertThat(ledger.appliedInVain()).isEmpty(); // the first may have been interrupted

    begin("2", "one", one);

    assertThat(ledger.appliedInVain()).containsExactly("1 (version 1 by one)");
  }

  @Test
  void shouldFindWorkThatBeginsBeforeOtherWorkHasEnded() throws SQLException {
    begin("1", "one", one);
    begin("1", "other", other);

    assertThat(ledger.overlaps())
        .singleElement()
        .asString()
        .contains("(version 1 by other)", "while at work: 1 (version 1 by one");
  }

  @Test
  void shouldFindWorkThatBeginsBeforeATransactionIsCommitted() throws SQLException {
    one.setAutoCommit(false);
    end(begin("1", "one", one));
    begin("2", "other", other);

    assertThat(ledger.overlaps()).hasSize(1);
  }

  @Test
  void shouldFindWorkThatWasRolledBack() throws SQLException {
    one.setAutoCommit(false);
    begin("1", "one", one);
    begin("1", "other", other);
    one.rollback();

    assertThat(ledger.overlaps()).hasSize(1);
  }

  @Test
  void shouldFindNothingOnceATransactionIsOver() throws SQLException {
    one.setAutoCommit(false);
    end(begin("1", "one", one));
    one.commit();
    try (Statement statement = one.createStatement()) {
      statement.execute("SELECT 1"); // as a session that has work left does, in a new transaction
    }
    begin("2", "other", other);

    assertThat(ledger.overlaps()).isEmpty();
  }

  @Test
  void shouldTakeWorkAsOverWhoseSessionIsGone() throws SQLException {
    begin("1", "one", one);
    int pid = LockStage.pid(one);
    one.close();
    scene
        .probe()
        .awaitUntil(
            () ->
                scene.database().count("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid)
                    == 0,
            "the session is gone");
    begin("1", "other", other);

    assertThat(ledger.overlaps()).isEmpty();
  }

  @Test
  void shouldFindWorkThatTheHistoryHasAlready() throws SQLException {
    scene
        .database()
        .execute(
            "CREATE TABLE flyway_schema_history (version text, success boolean)",
            "INSERT INTO flyway_schema_history VALUES ('1', true), ('2', false)");
    end(begin("1", "one", one));
    end(begin("2", "one", one));

    assertThat(ledger.begunAgain()).singleElement().asString().contains("(version 1 by one)");
    assertThat(ledger.needsRepair()).isTrue();
  }

  /** As {@link ChaosWork} does it: told by another session than the one that works. */
  private long begin(String version, String runner, Connection working) throws SQLException {
    try (Statement statement = working.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid(), now()")) {
      row.next();
      return scene
          .database()
          .count(
              "SELECT work FROM harness.begin_work('%s', '%s', %d, '%s')"
                  .formatted(version, runner, row.getInt(1), row.getString(2)));
    }
  }

  private void end(long work) {
    scene
        .database()
        .execute("UPDATE harness.work SET ended = clock_timestamp() WHERE id = " + work);
  }
}
