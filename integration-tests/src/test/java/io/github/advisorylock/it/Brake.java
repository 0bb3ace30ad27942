package io.github.advisorylock.it;

import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * Stops migrations at a chosen statement until the test lets go: a table in a schema of its own
 * that the harness locks and the statement reads. The harness's own session shows no advisory lock
 * and no snapshot; the session that stands at the brake has a snapshot, as any working one has.
 */
final class Brake implements AutoCloseable {
  /** The statement that stops, for use in a migration. */
  static final String SQL = "SELECT count(*) FROM harness.brake";

  /** The last statement of the session that everybody waits for. */
  static final String LOCK = "LOCK TABLE harness.brake IN ACCESS EXCLUSIVE MODE";

  private final LockProbe probe;
  private final Connection connection;

  private Brake(LockProbe probe, Connection connection) {
    this.probe = probe;
    this.connection = connection;
  }

  /** Applies the brake before the first replica starts. */
  static Brake on(Database database) {
    database.execute(
        "CREATE SCHEMA IF NOT EXISTS harness",
        "CREATE TABLE IF NOT EXISTS harness.brake ()",
        "GRANT USAGE ON SCHEMA harness TO public",
        "GRANT SELECT ON harness.brake TO public");
    Connection connection = database.connect();
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(LOCK);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new Brake(new LockProbe(database), connection);
  }

  /** Whom they wait for: how messages name it who may see all of it, up to its last statement. */
  String description() {
    return "pid %d [%s], user ".formatted(pid(), Database.HARNESS);
  }

  /** The process id of the session that everybody waits for. */
  int pid() {
    try {
      return connection.unwrap(PGConnection.class).getBackendPID();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How many sessions stand at the brake. */
  long stopped() {
    return pids().size();
  }

  /** Those sessions. */
  Set<Integer> pids() {
    return probe.sessions().stream()
        .filter(
            session -> session.query().contains(SQL) && session.waitEvent().equals("Lock:relation"))
        .map(Session::pid)
        .collect(Collectors.toSet());
  }

  /** Waits until a migration stands at the brake. */
  void awaitStopped() {
    probe.awaitUntil(() -> stopped() > 0, "a migration has reached the brake");
  }

  /** Lets everybody go on, now and from now on. */
  void release() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    release();
  }
}
