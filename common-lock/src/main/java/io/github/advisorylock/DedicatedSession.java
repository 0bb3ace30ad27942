package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** A session of the lock's own. */
final class DedicatedSession extends JdbcSession {

  private final ConnectionSource source;
  private @Nullable AutoCommit autoCommit;
  private @Nullable Integer foundNetworkTimeout;
  private @Nullable PGConnection unprepared;
  private int prepareThreshold;

  DedicatedSession(ConnectionSource source, SessionName sessionName, SessionPolicy policy) {
    super(sessionName, policy);
    this.source = source;
  }

  @Override
  Connection connect(LockKey key) throws SQLException {
    Connection opened = source.open();
    if (opened == null) {
      throw LockUnavailableException.withoutConnection(key);
    }
    try {
      if (AutoCommit.isInTransaction(opened)) {
        throw new LockUnavailableException(
            key,
            "its connection is in the middle of a transaction, which autocommit mode would commit."
                + " Use a data source that gives connections without one",
            null);
      }
      autoCommit = AutoCommit.on(opened);
      boundNetworkTimeout(opened);
      return opened;
    } catch (Throwable e) {
      giveBack(opened, e);
      throw e;
    }
  }

  private void giveBack(Connection opened, Throwable reason) {
    try {
      disconnect(opened);
    } catch (SQLException | RuntimeException e) {
      reason.addSuppressed(e);
    }
  }

  /** An answer that takes longer than the lease comes too late. */
  private void boundNetworkTimeout(Connection opened) throws SQLException {
    if (policy().hasLease()) {
      try {
        int found = opened.getNetworkTimeout();
        opened.setNetworkTimeout(Runnable::run, Math.toIntExact(policy().lease().toMillis()));
        foundNetworkTimeout = found;
      } catch (SQLFeatureNotSupportedException e) {
        // some wrapper of the driver; then only the server bounds the silence
      }
    }
  }

  @Override
  Optional<ConnectionSource> others() {
    return Optional.of(source);
  }

  @Override
  boolean isOurs() {
    return true;
  }

  /** In a transaction, and without statements that are prepared on a server session. */
  @Override
  LockLevel levelBehindPooler(LockKey key, @Nullable Connection pooled) throws SQLException {
    if (pooled instanceof PGConnection driver) {
      prepareThreshold = driver.getPrepareThreshold();
      driver.setPrepareThreshold(0);
      unprepared = driver;
    }
    return LockLevel.TRANSACTION;
  }

  @Override
  Map<String, String> settingsToWait(Duration longestPause) {
    return SessionSettings.dedicated(
        policy().hasLease() ? policy().lease().plus(longestPause) : Duration.ZERO);
  }

  @Override
  Map<String, String> settingsToHold(LockLevel level, boolean canCheckConnections) {
    return level == LockLevel.TRANSACTION
        ? SessionSettings.ofHoldingTransaction()
        : Map.of(SessionSettings.IDLE_SESSION_TIMEOUT, SessionSettings.inMillis(policy().lease()));
  }

  @Override
  void startHolding() {
    // autocommit stays on: the session does nothing but hold the lock
  }

  @Override
  Optional<Duration> heartbeat() {
    return policy().hasLease() ? Optional.of(policy().betweenBeats()) : Optional.empty();
  }

  @Override
  boolean canStartAfresh(SQLException failure) {
    abandon();
    return SqlStates.passes(failure);
  }

  @Override
  void disconnect(Connection connection) throws SQLException {
    try (connection) {
      if (unprepared != null) {
        unprepared.setPrepareThreshold(prepareThreshold);
      }
      if (foundNetworkTimeout != null) {
        connection.setNetworkTimeout(Runnable::run, foundNetworkTimeout);
      }
      if (autoCommit != null) {
        autoCommit.close();
      }
    } finally {
      unprepared = null;
      autoCommit = null;
      foundNetworkTimeout = null;
    }
  }
}
