package io.github.advisorylock.liquibase;

import io.github.advisorylock.HolderEnd;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LogLines;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import liquibase.exception.LockException;

/** What release-locks does: it ends the session that holds the lock. */
final class ForcedRelease {

  private ForcedRelease() {}

  /**
   * Ends the session that holds the key, if any, and waits until it is gone.
   *
   * @throws LockException if the role may not, or the session does not end within ten seconds
   */
  static void of(Connection connection, LockKey key) throws LockException {
    try {
      Optional<LockHolder> holder = LockHolder.find(connection, key);
      if (holder.isEmpty()) {
        succeeded("Nobody holds the advisory lock " + key);
        return;
      }
      HolderEnd end = HolderEnd.of(connection, holder.get());
      if (!end.released()) {
        throw new LockException(end.message());
      }
      succeeded(end.message());
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

  private static void succeeded(String line) {
    ReleaseOutcome.ofSuccess(() -> Messages.info(line));
  }
}
