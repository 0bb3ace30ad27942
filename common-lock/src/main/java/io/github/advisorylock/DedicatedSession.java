package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A session of the lock's own. */
final class DedicatedSession extends JdbcSession {

  private final ConnectionSource source;
  private @Nullable AutoCommit autoCommit;

  DedicatedSession(ConnectionSource source, SessionName sessionName) {
    super(sessionName);
    this.source = source;
  }

  @Override
  Connection connect(LockKey key) throws SQLException {
    Connection opened = source.open();
    try {
      autoCommit = AutoCommit.on(opened);
      return opened;
    } catch (SQLException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  @Override
  boolean isOurs() {
    return true;
  }

  @Override
  void startHolding() {
    // autocommit stays on: the session does nothing but hold the lock
  }

  @Override
  boolean canStartAfresh(SQLException failure) {
    abandon();
    return SqlStates.passes(failure);
  }

  @Override
  void disconnect(Connection connection) throws SQLException {
    try (connection) {
      if (autoCommit != null) {
        autoCommit.close();
      }
    } finally {
      autoCommit = null;
    }
  }
}
