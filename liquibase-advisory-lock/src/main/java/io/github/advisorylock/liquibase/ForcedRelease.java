package io.github.advisorylock.liquibase;

import io.github.advisorylock.HolderEnd;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LogLines;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import liquibase.exception.LockException;

/** What release-locks does: it reports the holder of the lock or, if told to, ends its session. */
final class ForcedRelease {

  private ForcedRelease() {}

  /**
   * Reports the session that holds the key, and how to end it. Never throws: with stock Liquibase a
   * forced release succeeds whatever runs, and programs call it after every update.
   */
  static void report(Connection connection, LockKey key) {
    try {
      Optional<LockHolder> holder = LockHolder.find(connection, key);
      if (holder.isPresent()) {
        Messages.info(report(holder.get()));
      } else {
        succeeded(notHeld(key));
      }
    } catch (SQLException e) {
      Messages.warn(cannotFind(key, e));
    }
  }

  private static String report(LockHolder holder) {
    String held =
        "The advisory lock %s was not released: held by %s. "
            .formatted(holder.key(), holder.session().describe());
    return holder.session().pid() == 0
        ? held + "Commit that transaction, or roll it back"
        : held
            + "It is released when that run or that session ends. To end the session, if it is stuck: release-locks with %sforceRelease=terminate, or %s"
                .formatted(AdvisoryLockConfiguration.PREFIX, holder.endStatement());
  }

  /**
   * Ends the session that holds the key, if any, and waits until it is gone.
   *
   * @throws LockException if the role may not, or the session does not end within ten seconds
   */
  static void terminate(Connection connection, LockKey key) throws LockException {
    try {
      Optional<LockHolder> holder = LockHolder.find(connection, key);
      if (holder.isEmpty()) {
        succeeded(notHeld(key));
        return;
      }
      HolderEnd end = HolderEnd.of(connection, holder.get());
      if (!end.released()) {
        throw new LockException(end.message());
      }
      succeeded(end.message());
    } catch (SQLException e) {
      throw new LockException(cannotFind(key, e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LockException(
          "Interrupted while the holder of the advisory lock %s was being ended".formatted(key), e);
    }
  }

  private static String notHeld(LockKey key) {
    return "The advisory lock %s is not held".formatted(key);
  }

  /** The message where the server does not show the holder of the key. */
  static String cannotFind(LockKey key, SQLException failure) {
    return "Could not determine the holder of the advisory lock %s: %s"
        .formatted(key, LogLines.oneLine(failure.getMessage()));
  }

  private static void succeeded(String line) {
    ReleaseOutcome.ofSuccess(() -> Messages.info(line));
  }
}
