package io.github.advisorylock.liquibase;

import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LogLines;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import liquibase.exception.LockException;
import org.jspecify.annotations.Nullable;

/** What release-locks does: it ends the session that holds the lock. */
final class HolderEnd {

  /**
   * A backend dies within milliseconds, but one that is in a system call has to come back first.
   */
  private static final Duration LONGEST_DEATH = Duration.ofSeconds(10);

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private HolderEnd() {}

  /**
   * Ends the session that holds the key, if any, and waits until it is gone.
   *
   * @throws LockException if the role may not, or the session does not end within ten seconds
   */
  static void force(Connection connection, LockKey key) throws LockException {
    try {
      Optional<LockHolder> holder = LockHolder.find(connection, key);
      if (holder.isEmpty()) {
        succeeded("Nobody holds the advisory lock " + key);
        return;
      }
      end(connection, holder.get());
    } catch (SQLException e) {
      throw new LockException(
          "Who holds the advisory lock %s cannot be found out: %s"
              .formatted(key, LogLines.oneLine(e.getMessage())),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LockException(
          "Interrupted while the holder of the advisory lock %s was being ended".formatted(key), e);
    }
  }

  private static void end(Connection connection, LockHolder holder)
      throws SQLException, InterruptedException, LockException {
    boolean told = tell(connection, holder);
    if (holder.awaitRelease(connection, told ? LONGEST_DEATH : Duration.ZERO)) {
      succeeded(
          told
              ? "Ended the session that held the advisory lock %s: %s"
                  .formatted(holder.key(), holder.describe())
              : "The advisory lock %s has just been released by %s"
                  .formatted(holder.key(), holder.describe()));
    } else if (told) {
      throw new LockException(
          "The session that holds the advisory lock %s was told to end, but %d s later still holds it: %s. Look at its host; the server's administrator can end its process"
              .formatted(holder.key(), LONGEST_DEATH.toSeconds(), holder.describe()));
    } else {
      throw mayNot(connection, holder, null);
    }
  }

  private static void succeeded(String line) {
    ReleaseOutcome.ofSuccess(() -> Messages.info(line));
  }

  private static boolean tell(Connection connection, LockHolder holder)
      throws SQLException, LockException {
    try {
      return holder.terminate(connection);
    } catch (SQLException e) {
      if (INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw mayNot(connection, holder, e);
      }
      throw e;
    }
  }

  private static LockException mayNot(
      Connection connection, LockHolder holder, @Nullable SQLException cause) throws SQLException {
    return new LockException(
        "The advisory lock %s is held by %s, whose session the role %s may not end. Run release-locks as the role of that session, or let it or a superuser run: %s"
            .formatted(
                holder.key(),
                holder.describe(),
                connection.getMetaData().getUserName(),
                holder.endStatement()),
        cause);
  }
}
