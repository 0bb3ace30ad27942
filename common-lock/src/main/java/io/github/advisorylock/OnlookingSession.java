package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A session that takes nothing: its try succeeds when the key is free. */
final class OnlookingSession extends WaitingSession {

  private final ConnectionSource source;
  private @Nullable Connection connection;
  private @Nullable LockHolder busy;

  OnlookingSession(ConnectionSource source) {
    this.source = ConnectionSettings.bounded(source);
  }

  @Override
  void open(LockKey key, Opening opening) throws SQLException {
    if (connection == null) {
      Duration called = Timing.SYSTEM.now();
      Connection opened = opening.from(source);
      if (opened == null) {
        throw LockUnavailableException.withoutConnection(key);
      }
      connection = opened;
      SetUpTransaction.commit(opened, source, called);
      LockStatus.refuseUnlessPrimary(opened);
    }
  }

  @Override
  boolean tryLock(LockKey key) throws SQLException {
    Connection current = connection;
    if (current == null) {
      throw new IllegalStateException("The session is not open");
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
      LockStatus status = LockSql.status(scope.connection(), key);
      busy =
          Stream.concat(status.holders().stream(), status.workers().stream())
              .findFirst()
              .orElse(null);
      return status.isFree();
    }
  }

  /** It has nothing to listen to: whoever releases wakes up one of those who want the lock. */
  @Override
  boolean startWaiting(LockKey key, Duration longestPause) {
    return false;
  }

  @Override
  int listeners() {
    return 0;
  }

  @Override
  void awaitRelease(Duration atMost, Timing timing) throws InterruptedException {
    timing.sleep(atMost);
  }

  @Override
  boolean isWokenUpUnverified() {
    return false;
  }

  @Override
  @Nullable LockHolder orphan(LockKey key) {
    return null; // a key that somebody works under is not free
  }

  @Override
  void startHolding() {
    // it holds nothing
  }

  @Override
  void announceWaiting(LockKey key) {
    // it does not stand in line
  }

  @Override
  @Nullable LockHolder holder(LockKey key) {
    return busy;
  }

  @Override
  boolean canStartAfresh(SQLException failure) {
    close();
    return SqlStates.passes(failure);
  }

  @Override
  Optional<String> giveBack(LockKey key) {
    close();
    return Optional.empty();
  }

  private void close() {
    Connection current = connection;
    connection = null;
    busy = null;
    try {
      if (current != null) {
        current.close();
      }
    } catch (SQLException | RuntimeException e) {
      System.getLogger(OnlookingSession.class.getName())
          .log(System.Logger.Level.DEBUG, "A connection could not be closed", e);
    }
  }
}
