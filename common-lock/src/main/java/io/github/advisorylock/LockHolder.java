package io.github.advisorylock;

import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * A session that holds a lock, works under it or waits for it, as another session sees it.
 * Immutable.
 *
 * @param key the key it holds; {@link LockKey#forWork} of a lock's key if the session does not hold
 *     that lock, but still works for an earlier holder that has lost it, or, in a {@link
 *     LockStatus}, just works; {@link LockKey#forWaiting} of it if the session waits
 * @param session who that is, and what it is doing; with pid 0 a prepared transaction, which
 *     belongs to no session
 */
public record LockHolder(LockKey key, ServerSession session) implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

  /**
   * Looks up who holds a key in the connection's database.
   *
   * @param connection any connection to that database; a transaction that is open on it stays open,
   *     otherwise none is left
   * @param key the key
   * @return the holder; empty if the key is free
   * @throws SQLException if the server cannot be asked, or with SQLSTATE 42501 if the role may not
   *     read {@code pg_locks} or {@code pg_stat_activity}
   */
  public static Optional<LockHolder> find(Connection connection, LockKey key) throws SQLException {
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      return Optional.ofNullable(LockSql.holder(scope.connection(), key));
    }
  }

  /**
   * Ends this session, if it is still the same one and still holds the key. The lock is free a few
   * milliseconds later; what the session was doing in a transaction is rolled back.
   *
   * @param connection any other connection to the same database
   * @return whether the server was told to end it; false if it holds the key no longer or {@link
   *     ServerSession#connectedSince} is hidden, so that it cannot be told from a later session
   *     with its pid
   * @throws SQLException with SQLSTATE 42501 if the role may not end sessions of the holder's role
   */
  public boolean terminate(Connection connection) throws SQLException {
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      return LockSql.terminate(scope.connection(), this);
    }
  }

  /**
   * Like {@link #terminate}, but only if the session has not been executing anything for a second.
   */
  boolean terminateIfIdle(Connection connection) throws SQLException {
    return LockSql.terminateIfIdle(connection, this);
  }

  /** A session of which nothing but the process id can be seen. */
  static LockHolder unseen(LockKey key, int pid) {
    return new LockHolder(key, new ServerSession(pid, "", "", null, null, null, null, null));
  }

  /**
   * Waits until this session holds the key no longer, such as after {@link #terminate}. Somebody
   * else may hold it by then.
   *
   * @param connection any other connection to the same database
   * @param longest how long to wait; zero looks once
   * @return false if the session still holds it then
   * @throws SQLException if the server cannot be asked
   * @throws InterruptedException if the thread was interrupted; its interrupt flag is clear
   */
  public boolean awaitRelease(Connection connection, Duration longest)
      throws SQLException, InterruptedException {
    return awaitRelease(connection, longest, Timing.SYSTEM);
  }

  boolean awaitRelease(Connection connection, Duration longest, Timing timing)
      throws SQLException, InterruptedException {
    Duration start = timing.now();
    while (find(connection, key).filter(this::isSameSession).isPresent()) {
      if (timing.now().minus(start).compareTo(longest) >= 0) {
        return false;
      }
      timing.sleep(BETWEEN_LOOKS);
    }
    return true;
  }

  /**
   * Whether another look found the same session, whatever it was doing then. Where {@link
   * ServerSession#connectedSince} is hidden, the process id alone decides.
   *
   * @param other what the other look found
   * @return false if it is another session
   */
  public boolean isSameSession(LockHolder other) {
    return session.isSame(other.session);
  }

  /**
   * How long this session has held the key, where this process holds it: the server does not know.
   *
   * @return the time since it was acquired; empty if another process holds it
   */
  public Optional<Duration> heldFor() {
    return LocalLocks.find(this).map(HeldLock::heldFor);
  }

  /**
   * The statement with which an operator ends this session.
   *
   * @return SQL for people to run
   */
  public String endStatement() {
    return LockSql.endHolder(session.pid());
  }

  /**
   * This holder in one line, for people, without control characters, and without a statement that
   * has ended.
   *
   * @return such as {@code pid 4711 [flyway holds migration (web-1:33)], user app, from 10.0.0.7}
   */
  public String describe() {
    return session.describeActivity();
  }

  /** Like {@link #describe}: a query's secrets do not get into a log by way of this record. */
  @Override
  public String toString() {
    return describe();
  }
}
