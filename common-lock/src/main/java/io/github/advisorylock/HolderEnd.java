package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * What came of ending a session that held a lock. Immutable.
 *
 * @param released whether that session holds the lock no longer
 * @param message what happened and, if it still holds the lock, what to do; for people
 */
public record HolderEnd(boolean released, String message) {

  /**
   * A backend dies within milliseconds, but one that is in a system call has to come back first.
   */
  private static final Duration LONGEST_DEATH = Duration.ofSeconds(10);

  /**
   * Ends a session, if it is still the same one and still holds its key, and waits until it is
   * gone, ten seconds at the longest.
   *
   * @param connection any other connection to the same database
   * @param holder the session
   * @return what came of it; also that the role may not end it
   * @throws SQLException if the server cannot be asked
   * @throws InterruptedException if the thread was interrupted; its interrupt flag is clear
   */
  public static HolderEnd of(Connection connection, LockHolder holder)
      throws SQLException, InterruptedException {
    return of(connection, holder, Timing.SYSTEM);
  }

  static HolderEnd of(Connection connection, LockHolder holder, Timing timing)
      throws SQLException, InterruptedException {
    if (holder.session().pid() == 0) {
      return new HolderEnd(
          false,
          "The advisory lock %s is held by %s, which has no session to end. Commit it, or roll it back: select * from pg_catalog.pg_prepared_xacts;"
              .formatted(holder.key(), holder.describe()));
    }
    boolean told;
    try {
      told = holder.terminate(connection);
    } catch (SQLException e) {
      if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        return mayNot(connection, holder);
      }
      throw e;
    }
    if (holder.awaitRelease(connection, told ? LONGEST_DEATH : Duration.ZERO, timing)) {
      return new HolderEnd(true, released(holder, told));
    }
    return told ? stillHolds(holder) : mayNot(connection, holder);
  }

  private static String released(LockHolder holder, boolean told) {
    return told
        ? "Ended the session that held the advisory lock %s: %s"
            .formatted(holder.key(), holder.describe())
        : "The advisory lock %s has just been released by %s"
            .formatted(holder.key(), holder.describe());
  }

  private static HolderEnd stillHolds(LockHolder holder) {
    return new HolderEnd(
        false,
        "The session that holds the advisory lock %s was told to end, but %d s later still holds it: %s. Look at its host; the server's administrator can end its process"
            .formatted(holder.key(), LONGEST_DEATH.toSeconds(), holder.describe()));
  }

  private static HolderEnd mayNot(Connection connection, LockHolder holder) throws SQLException {
    return new HolderEnd(
        false,
        "The advisory lock %s is held by %s, whose session the role %s may not end. Do this as the role of that session, or let it or a superuser run: %s"
            .formatted(
                holder.key(),
                holder.describe(),
                connection.getMetaData().getUserName(),
                holder.endStatement()));
  }
}
