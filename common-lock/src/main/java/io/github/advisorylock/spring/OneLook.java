package io.github.advisorylock.spring;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.LogLines;
import io.github.advisorylock.NetworkTimeout;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One look at the locks of a bean, on a thread that has nothing else to do, and which another
 * thread may give up.
 */
final class OneLook implements Runnable {

  private final String tool;
  private final LockedBean bean;
  private final Duration patience;
  private final CompletableFuture<Optional<LockReport.Bean>> seen = new CompletableFuture<>();

  private @Nullable Thread connecting;
  private @Nullable Connection connection;
  private boolean givenUp;
  private volatile boolean ended;

  /**
   * A look that has not begun.
   *
   * @param patience how long the connection may wait for an answer of the server's
   */
  OneLook(String tool, LockedBean bean, Duration patience) {
    this.tool = tool;
    this.bean = bean;
    this.patience = patience;
  }

  /** What is seen, or why nothing is; empty if the bean is not locked. */
  CompletableFuture<Optional<LockReport.Bean>> seen() {
    return seen;
  }

  /** Whether neither thread nor connection is busy with it any more. */
  boolean hasEnded() {
    return ended;
  }

  @Override
  public void run() {
    connects(Thread.currentThread());
    try {
      seen.complete(look());
    } catch (Throwable e) {
      seen.completeExceptionally(e);
    } finally {
      connects(null);
      ended = true;
    }
  }

  private synchronized void connects(@Nullable Thread thread) {
    connecting = thread;
  }

  /**
   * Nobody waits for it any more. A connection that does not answer is ended, since a driver hears
   * nothing else; who waits for a connection is interrupted, since a pool hears that.
   */
  synchronized void giveUp() {
    givenUp = true;
    if (connection != null) {
      end(connection);
    } else if (connecting != null) {
      connecting.interrupt();
    }
  }

  private static void end(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException | RuntimeException | LinkageError e) {
      // Then it goes on hanging, and LockLook counts it.
    }
  }

  private Optional<LockReport.Bean> look() {
    try {
      return bean.isLocked() ? Optional.of(LockReport.Bean.of(tool, statuses())) : Optional.empty();
    } catch (SQLException | RuntimeException e) { // pools and Flyway have exceptions of their own
      return Optional.of(LockReport.Bean.failed(tool, LogLines.said(e)));
    }
  }

  private List<LockStatus> statuses() throws SQLException {
    try (Connection opened = bean.connect()) {
      if (!begins(opened)) {
        return List.of();
      }
      try {
        return patiently(opened);
      } finally {
        ends();
      }
    }
  }

  /** False if it comes too late. */
  private synchronized boolean begins(Connection opened) {
    connecting = null;
    connection = givenUp ? null : opened;
    return !givenUp;
  }

  /** From now on a pool may give it to somebody else. */
  private synchronized void ends() {
    connection = null;
  }

  private List<LockStatus> patiently(Connection opened) throws SQLException {
    NetworkTimeout timeout = NetworkTimeout.set(opened, patience);
    try {
      return statuses(opened);
    } finally {
      timeout.restore(); // not every pool does so itself
    }
  }

  private List<LockStatus> statuses(Connection opened) throws SQLException {
    List<LockStatus> statuses = new ArrayList<>();
    for (LockKey key : bean.keys(opened)) {
      statuses.add(LockStatus.find(opened, key));
    }
    return statuses;
  }
}
