package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.LockListener;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;

/** What can be wrong around a run: each prepares a stage, or waits on it for its cue. */
@FunctionalInterface
interface Hostility {

  void prepare(HostileStage stage) throws Exception;

  /** Everything is as it should be. */
  static Hostility nothing() {
    return stage -> {};
  }

  static Hostility setting(String name, String value) {
    return stage -> stage.settings().put(name, value);
  }

  /** A connection for the lock alone, to this database. */
  static Hostility url(String suffix) {
    return stage -> {
      stage.settings().put("url", stage.database().url() + suffix);
      stage.settings().put("user", stage.lockLogin().user());
      stage.settings().put("password", stage.lockLogin().password());
    };
  }

  static Hostility parameters(String parameters) {
    return stage -> stage.parameters(parameters);
  }

  /** What an administrator has done to database and roles. */
  static Hostility administrator(String... statements) {
    return stage -> stage.execute(statements);
  }

  /** A session of a superuser that did this and stays. */
  static Hostility superuser(String... statements) {
    return stage -> stage.somebody(stage.database().owner(), statements);
  }

  /** A session of the run's own role that did this and stays. */
  static Hostility sameRole(String... statements) {
    return stage -> stage.somebody(stage.login(), statements);
  }

  /** A transaction that was prepared, and that nobody finishes. */
  static Hostility preparedTransaction(String statement) {
    return stage -> {
      String name = stage.database().name();
      stage
          .somebody(
              stage.database().owner(),
              "BEGIN",
              statement,
              "PREPARE TRANSACTION '%s'".formatted(name))
          .close();
      stage.closeAtEnd(() -> stage.execute("ROLLBACK PREPARED '%s'".formatted(name)));
    };
  }

  /** Migrations after the one that creates the table one. */
  static Hostility migrations(Consumer<Migrations> added) {
    return stage -> added.accept(stage.migrations());
  }

  static Hostility listener(LockListener listener) {
    return stage -> stage.listener(listener);
  }

  static Hostility connections(HostileStage.ConnectionHook hook) {
    return stage -> stage.hook(hook);
  }

  /** As soon as the tool has got its n-th connection. */
  static Hostility atConnection(int which, Hostility then) {
    return stage ->
        stage.hook(
            (connection, number) -> {
              if (number == which) {
                perform(then, stage, "connection " + number);
              }
              return connection;
            });
  }

  private static void perform(Hostility then, HostileStage stage, String when) {
    try {
      then.prepare(stage);
    } catch (Exception e) {
      throw new AssertionError(when, e);
    }
  }

  /** As soon as the run says these words. */
  static Hostility when(String words, Hostility then) {
    return stage -> stage.transcript().onCue(words, () -> perform(then, stage, words));
  }

  /** As soon as the run waits for somebody, or for something. */
  static Hostility onceWaiting(Hostility then) {
    return when("Waiting for the advisory lock", then);
  }

  /** As soon as a try has failed with an error. */
  static Hostility onceRefused(Hostility then) {
    return when("Cannot try for the advisory lock", then);
  }

  static Hostility onceAcquired(Hostility then) {
    return when("Acquired the advisory lock", then);
  }

  /** Everybody else goes. */
  static Hostility othersGo() {
    return HostileStage::letGo;
  }

  /** All slots for connections of ordinary roles are taken. */
  static void takeAllSlots(HostileStage stage) {
    assertThatThrownBy(
            () -> {
              while (true) {
                stage.somebody(stage.lockLogin());
              }
            })
        .hasRootCauseInstanceOf(SQLException.class)
        .hasMessageContaining("remaining connection slots are reserved");
  }

  /** The server has no room for one lock more. */
  static void takeAllLocks(HostileStage stage) throws SQLException {
    Connection hoarder = stage.somebody(stage.database().owner());
    assertThatThrownBy(
            () ->
                hoarder
                    .createStatement()
                    .execute(
                        "SELECT count(pg_advisory_lock(7, i)) FROM generate_series(1,99999) i"))
        .hasMessageContaining("out of shared memory");
  }

  /** Servers that speak another language, and errors that cannot be had otherwise. */
  static Hostility refusing(String expression, String sqlState, String words, int firstConnection) {
    return stage -> {
      stage.execute(
          """
          CREATE FUNCTION public.refuse(bigint) RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '%s' USING ERRCODE = '%s'; END $$"""
              .formatted(words, sqlState));
      stage.hook(
          (connection, number) ->
              number == firstConnection
                  ? RewritingConnection.of(connection, expression, "public.refuse(?)")
                  : connection);
    };
  }

  /** Another database of the same server, for the lock. */
  static Hostility otherDatabase() {
    return stage -> {
      Database other = Server.get().freshDatabase();
      stage.closeAtEnd(
          () -> {
            new LockProbe(other).awaitNothingLeft();
            other.close();
          });
      stage.settings().put("url", other.url());
      stage.settings().put("user", stage.lockLogin().user());
      stage.settings().put("password", stage.lockLogin().password());
    };
  }

  /** A connection on which something is open already. */
  static Connection inTransaction(Connection connection, boolean autoCommit) throws SQLException {
    connection.setAutoCommit(autoCommit);
    try (var statement = connection.createStatement()) {
      if (autoCommit) {
        statement.execute("BEGIN");
      }
      statement.execute("CREATE TABLE public.half_done ()");
    }
    return connection;
  }

  static Connection closed(Connection connection) throws SQLException {
    connection.close();
    return connection;
  }

  /** Whether the server wrote statements down, and what it wrote. */
  static String serverLog(HostileStage stage) {
    return String.join(
        "\n",
        stage
            .database()
            .list("SELECT pg_read_file('log/' || name) FROM pg_ls_logdir() ORDER BY modification"));
  }
}
