package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** A session of the lock's own. */
final class DedicatedSession extends JdbcSession {

  private final ConnectionSource source;
  private @Nullable AutoCommit autoCommit;
  private @Nullable NetworkTimeout networkTimeout;
  private @Nullable PGConnection unprepared;
  private int prepareThreshold;

  DedicatedSession(ConnectionSource source, SessionName sessionName, SessionPolicy policy) {
    super(sessionName, policy);
    this.source = ConnectionSettings.bounded(source);
  }

  @Override
  Connection connect(LockKey key, Opening opening) throws SQLException {
    Duration called = Timing.SYSTEM.now();
    Connection opened = openConnection(key, opening);
    if (opened == null) {
      throw LockUnavailableException.withoutConnection(key);
    }
    try {
      SetUpTransaction.commit(opened, source, called);
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

  private Connection openConnection(LockKey key, Opening opening) throws SQLException {
    try {
      return opening.from(source);
    } catch (SQLException e) {
      if (SqlStates.of(e).isEmpty()
          && !(source instanceof BoundedSource)
          && !Thread.currentThread().isInterrupted()) {
        throw LockUnavailableException.withoutFreeConnection(key, e);
      }
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
  private void boundNetworkTimeout(Connection opened) {
    if (policy().hasLease()) {
      networkTimeout = NetworkTimeout.set(opened, policy().lease());
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
      if (networkTimeout != null) {
        networkTimeout.restore();
      }
      if (autoCommit != null) {
        autoCommit.close();
      }
    } finally {
      unprepared = null;
      autoCommit = null;
      networkTimeout = null;
    }
  }
}
