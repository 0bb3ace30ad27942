package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A session that somebody else works on, and goes on working on while it holds the lock. */
final class BorrowedSession extends JdbcSession {

  private final Connection owned;
  private @Nullable AutoCommit autoCommit;

  BorrowedSession(Connection owned, SessionName sessionName, SessionPolicy policy) {
    super(sessionName, policy);
    this.owned = owned;
  }

  @Override
  Connection connect(LockKey key, Opening opening) throws SQLException {
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
  Optional<ConnectionSource> others() {
    return Optional.empty(); // what opened this one, only its owner knows
  }

  @Override
  boolean isOurs() {
    return false;
  }

  @Override
  LockLevel levelBehindPooler(LockKey key, @Nullable Connection pooled) {
    throw new LockUnavailableException(
        key,
        "a pooler such as PgBouncer stands between here and the server, and may hand each"
            + " transaction to another session. Give the lock a direct connection with the settings"
            + " url, user and password, or set pooling=session if the pooler leaves each client its"
            + " session",
        null);
  }

  @Override
  Map<String, String> settingsToWait(Duration longestPause) {
    return Map.of();
  }

  @Override
  Map<String, String> settingsToHold(LockLevel level, boolean canCheckConnections) {
    return SessionSettings.borrowed(canCheckConnections, policy().timeouts());
  }

  @Override
  void startHolding() throws SQLException {
    stopListening(); // a session that listens in a long transaction makes the server keep it all
    leaveAutoCommit();
  }

  @Override
  Optional<Duration> heartbeat() {
    return Optional.empty(); // the work keeps the session busy
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
