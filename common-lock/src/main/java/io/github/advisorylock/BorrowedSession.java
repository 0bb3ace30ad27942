package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A session that somebody else works on, and goes on working on while it holds the lock. */
final class BorrowedSession extends JdbcSession {

  private final Connection owned;
  private @Nullable AutoCommit autoCommit;

  BorrowedSession(Connection owned, SessionName sessionName) {
    super(sessionName);
    this.owned = owned;
  }

  @Override
  Connection connect(LockKey key) throws SQLException {
    if (AutoCommit.isInTransaction(owned)) {
      throw new LockUnavailableException(
          key,
          "its connection is in the middle of a transaction, which waiting would keep open. Commit"
              + " or roll back first",
          null);
    }
    autoCommit = AutoCommit.on(owned);
    return owned;
  }

  @Override
  boolean isOurs() {
    return false;
  }

  @Override
  void startHolding() throws SQLException {
    leaveAutoCommit();
  }

  @Override
  boolean canStartAfresh(SQLException failure) {
    return false; // the work would go on without the lock
  }

  @Override
  void disconnect(Connection connection) throws SQLException {
    leaveAutoCommit();
  }

  private void leaveAutoCommit() throws SQLException {
    AutoCommit toLeave = autoCommit;
    autoCommit = null;
    if (toLeave != null) {
      toLeave.close();
    }
  }
}
