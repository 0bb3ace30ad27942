package io.github.advisorylock.spring;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.LogLines;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Looks at the locks of one bean, once at a time: however many ask, and however long a pool or a
 * server keeps them waiting, one thread and one connection at most are busy with it. Safe for use
 * by several threads.
 */
final class LockLook {

  private static final String NO_ANSWER =
      "No answer in time: neither a connection nor the server's word. It is still waited for, and"
          + " asked for again when that has ended";

  private final String tool;
  private final LockedBean bean;
  private final Duration atMost;

  private CompletableFuture<Optional<LockReport.Bean>> look =
      CompletableFuture.completedFuture(Optional.empty());
  private CompletableFuture<Optional<LockReport.Bean>> answer = look;

  /**
   * Looks at a bean's locks.
   *
   * @param atMost after that time an answer says that there is none
   */
  LockLook(String tool, LockedBean bean, Duration atMost) {
    this.tool = tool;
    this.bean = bean;
    this.atMost = atMost;
  }

  boolean isAt(LockedBean other) {
    return bean == other;
  }

  /**
   * Begins to look, unless that has begun and not ended.
   *
   * @return what is seen, or why nothing is; empty if the bean is not locked
   */
  synchronized CompletableFuture<Optional<LockReport.Bean>> begin() {
    if (look.isDone()) {
      look = CompletableFuture.supplyAsync(this::look, LockLook::onThreadOfItsOwn);
      answer =
          look.copy()
              .completeOnTimeout(
                  Optional.of(LockReport.Bean.failed(tool, NO_ANSWER)),
                  atMost.toMillis(),
                  TimeUnit.MILLISECONDS);
    }
    return answer;
  }

  private static void onThreadOfItsOwn(Runnable look) {
    Thread thread = new Thread(look, "advisory-lock-look");
    thread.setDaemon(true);
    thread.start();
  }

  private Optional<LockReport.Bean> look() {
    try {
      return bean.isLocked() ? Optional.of(LockReport.Bean.of(tool, statuses())) : Optional.empty();
    } catch (SQLException | RuntimeException e) { // pools and Flyway have exceptions of their own
      return Optional.of(LockReport.Bean.failed(tool, LogLines.said(e)));
    }
  }

  private List<LockStatus> statuses() throws SQLException {
    try (Connection connection = bean.connect()) {
      int patience = connection.getNetworkTimeout();
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(atMost.toMillis()));
      try {
        return statuses(connection);
      } finally {
        restore(connection, patience);
      }
    }
  }

  private List<LockStatus> statuses(Connection connection) throws SQLException {
    List<LockStatus> seen = new ArrayList<>();
    for (LockKey key : bean.keys(connection)) {
      seen.add(LockStatus.find(connection, key));
    }
    return seen;
  }

  /** Not every pool does so itself. */
  private static void restore(Connection connection, int patience) {
    try {
      connection.setNetworkTimeout(Runnable::run, patience);
    } catch (SQLException e) {
      // It is broken, or it would not have failed now: no pool gives it to anybody else.
    }
  }
}
