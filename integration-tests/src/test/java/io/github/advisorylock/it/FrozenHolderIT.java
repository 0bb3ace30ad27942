package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A runner that stands still for longer than its lease has lost the lock, and learns of it. */
class FrozenHolderIT {

  @RegisterExtension final Scene scene = new Scene();

  private Rollout rollout(Tool tool) {
    Database database = scene.database();
    Migrations migrations =
        new Migrations()
            .versioned(
                "1",
                "stop",
                "CREATE TABLE once (id int)",
                "INSERT INTO harness.visitors VALUES ('first', pg_backend_pid())",
                Brake.SQL,
                "INSERT INTO harness.visitors VALUES ('last', pg_backend_pid())")
            .versioned("2", "go on", "CREATE TABLE twice (id int)");
    Rollout rollout =
        Rollout.of(tool, database, migrations)
            .setting(tool.settings() + "lease", Lease.LENGTH.toSeconds() + "s");
    return tool == Tool.FLYWAY
        ? rollout
        : rollout // only a connection of its own can be given a lease
            .setting(tool.settings() + "url", database.url())
            .setting(tool.settings() + "user", database.user())
            .setting(tool.settings() + "password", database.password());
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldUndoWhatTheFrozenHolderDidAndKeepWhatTheNextOneDoes(Tool tool) {
    try (Brake brake = Brake.on(scene.database())) {
      scene.database().execute("CREATE TABLE harness.visitors (statement text, pid int)");
      Replica holder = scene.replicas().start(rollout(tool)).go();
      brake.awaitStopped();
      Replica next = scene.replicas().start(rollout(tool)).go();
      next.awaitLog("Waiting for the advisory lock");

      holder.signal("STOP");
      brake.release(); // its statement ends, and the transaction stays open
      Outcome second = next.outcome();
      holder.signal("CONT");
      Outcome first = holder.outcome();

      assertThat(second).returns(true, Outcome::ok);
      assertThat(second.applied()).containsExactly("1", "2");
      assertThat(first).returns(false, Outcome::ok);
      assertThat(first.applied()).isEmpty();
      assertThat(whatItSaid(tool, holder, first)).contains("The advisory lock", "was lost: ");
      assertThat(scene.database().list("SELECT statement FROM harness.visitors"))
          .as("the work of one")
          .containsExactly("first", "last");
      assertThat(scene.database().count("SELECT count(DISTINCT pid) FROM harness.visitors"))
          .isEqualTo(1);
      assertThat(scene.database().count(history(tool))).isEqualTo(2);
      scene.probe().awaitNothingLeft();
    }
  }

  /** Liquibase lets nobody put another failure in the place of the first one, but it has a log. */
  private static String whatItSaid(Tool tool, Replica holder, Outcome outcome) {
    return tool == Tool.FLYWAY ? outcome.message() : String.join("\n", holder.log("was lost"));
  }

  private static String history(Tool tool) {
    return tool == Tool.FLYWAY
        ? "SELECT count(*) FROM flyway_schema_history WHERE success AND version IS NOT NULL"
        : "SELECT count(*) FROM databasechangelog";
  }
}
