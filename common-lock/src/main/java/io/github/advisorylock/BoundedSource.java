package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections on daemon threads, so that a server that accepts them and does not answer
 * cannot hold the caller. A connection that arrives too late is closed. Safe for use by several
 * threads.
 */
final class BoundedSource implements ConnectionSource {

  /** The longest time that opening takes. */
  static final Duration LONGEST = Duration.ofSeconds(10);

  /** A driver that gets no answer may never return, and its thread with it. */
  private static final int MOST_THREADS = 30;

  private final ConnectionSource source;
  private final Semaphore free = new Semaphore(MOST_THREADS);

  BoundedSource(ConnectionSource source) {
    this.source = source;
  }

  @Override
  public Connection open() throws SQLException {
    return open(LONGEST);
  }

  /**
   * Opens a connection.
   *
   * @throws SQLException if that takes longer, with an SQLSTATE of the connection class
   */
  Connection open(Duration atMost) throws SQLException {
    if (!free.tryAcquire()) {
      throw unanswered("%d earlier attempts to connect have no answer yet".formatted(MOST_THREADS));
    }
    CompletableFuture<@Nullable Connection> opening = new CompletableFuture<>();
    ClassLoader drivers = Thread.currentThread().getContextClassLoader();
    Thread thread = new Thread(null, () -> open(opening), "advisory-lock-connect", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(drivers);
    thread.start();
    try {
      opening.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      opening.completeExceptionally(
          unanswered("no answer to the attempt to connect within " + Text.of(atMost)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      opening.completeExceptionally(unanswered("interrupted during the attempt to connect"));
    } catch (ExecutionException e) {
      // thrown below
    }
    return result(opening);
  }

  private void open(CompletableFuture<@Nullable Connection> opening) {
    try {
      Connection opened = source.open();
      if (!opening.complete(opened) && opened != null) {
        opened.close();
      }
    } catch (Throwable e) {
      opening.completeExceptionally(e);
    } finally {
      free.release();
    }
  }

  /** What came first: the connection, its failure or the end of the time. */
  private static Connection result(CompletableFuture<@Nullable Connection> opening)
      throws SQLException {
    try {
      return opening.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof SQLException failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }

  private static SQLException unanswered(String message) {
    return new SQLException(message, SqlStates.CANNOT_CONNECT);
  }
}
