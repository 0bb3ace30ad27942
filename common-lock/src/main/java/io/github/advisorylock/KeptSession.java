package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Checks whether a pooler keeps the server session of a connection on which a session-level lock
 * was acquired: some do so only for functions whose names they recognize. Two transactions of the
 * connection, with a transaction of another connection in between that is still open, have to run
 * on the same backend. The lock is one of a random key, with the statement that acquires the real
 * one.
 */
final class KeptSession {

  /** A pooler that keeps sessions may have none left for the other connection. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private static final int ATTEMPTS_TO_UNLOCK = 10;

  private KeptSession() {}

  /**
   * Checks.
   *
   * @param connection in autocommit mode
   * @param others opens connections that take the same way to the server
   * @return false if another session took over; true also if no other connection could be opened
   */
  static boolean isKept(Connection connection, ConnectionSource others) throws SQLException {
    LockKey probe = LockKey.named(UUID.randomUUID().toString());
    LockSql.Grip grip = LockSql.tryAndConfirm(connection, probe, Map.of(), false);
    OtherTransaction other = OtherTransaction.begin(connection, others);
    try {
      return grip.held()
          && other.backendPid() != grip.backendPid()
          && LockSql.backend(connection).pid() == grip.backendPid();
    } finally {
      other.end();
      unlock(connection, probe);
    }
  }

  /** The lock may be on a session to which the connection returns only now and then. */
  private static void unlock(Connection connection, LockKey probe) throws SQLException {
    for (int attempt = 1; attempt <= ATTEMPTS_TO_UNLOCK; attempt++) {
      if (LockSql.isHeldByThisSession(connection, probe)) {
        LockSql.unlock(connection, probe);
        return;
      }
    }
  }

  /**
   * A transaction on a separate connection and thread: what opens the connection may wait for
   * longer than the run can.
   */
  private static final class OtherTransaction {

    private final CompletableFuture<Integer> backendPid = new CompletableFuture<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread;

    private OtherTransaction(Connection connection, ConnectionSource others) {
      thread = new Thread(() -> run(connection, others), "advisory-lock-pooling-check");
      thread.setDaemon(true);
    }

    static OtherTransaction begin(Connection connection, ConnectionSource others) {
      OtherTransaction other = new OtherTransaction(connection, others);
      other.thread.start();
      return other;
    }

    private void run(Connection connection, ConnectionSource others) {
      try {
        Connection opened = others.open();
        if (opened == null || Endpoint.isSameSession(opened, connection)) {
          backendPid.complete(0); // a data source with one connection, which is not ours to close
          return;
        }
        try (opened) {
          if (end.getCount() > 0) {
            stayInTransaction(opened);
          }
        }
      } catch (SQLException | RuntimeException | InterruptedException e) {
        backendPid.completeExceptionally(e);
      }
    }

    private void stayInTransaction(Connection opened) throws SQLException, InterruptedException {
      if (AutoCommit.isInTransaction(opened)) {
        backendPid.complete(0); // begun by its owner, and not ours to end
        return;
      }
      try (AutoCommit scope = AutoCommit.on(opened)) {
        LockSql.begin(scope.connection());
        try {
          backendPid.complete(LockSql.backend(scope.connection()).pid());
          end.await();
        } finally {
          LockSql.rollback(scope.connection());
        }
      }
    }

    /** That of the session it runs on; 0 if there is none. */
    int backendPid() {
      try {
        return backendPid.get(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException | ExecutionException e) {
        System.getLogger(KeptSession.class.getName())
            .log(System.Logger.Level.DEBUG, "No other connection to check the pooler with", e);
        return 0;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return 0;
      }
    }

    /** A connection that has not arrived by now is closed when it does. */
    void end() {
      end.countDown();
      if (backendPid.isDone()) {
        try {
          thread.join(LONGEST_WAIT.toMillis());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
