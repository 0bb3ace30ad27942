package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long opening the lock's connection takes at most, and on whose thread. */
@Timeout(60)
class OpeningTest {

  private static final LockKey KEY = LockKey.of(42);
  private static final Duration SHORT = Duration.ofMillis(1);

  private final FakeClient client = new FakeServer().connect();
  private final CountDownLatch answering = new CountDownLatch(1);

  /** A server that accepts connections and does not answer. */
  private Connection openLate() {
    boolean interrupted = false;
    while (true) {
      try {
        answering.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // as a driver does that reads from a socket
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return client.connection();
  }

  @Nested
  class OfWhatTheLibraryOpens {

    private final ConnectionSource silent = ConnectionSource.bounded(() -> openLate());

    private Connection open(ConnectionSource source, Duration atMost) throws SQLException {
      return new Opening(atMost, () -> {}).from(source);
    }

    @Test
    void shouldFailAsConnectionsDoWhenTheTimeHasPassed() {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> open(silent, SHORT))
          .withMessageContaining("no answer to the attempt to connect within 1 ms")
          .matches(SqlStates::passes, "is tried again");
    }

    @Test
    void shouldCloseConnectionThatArrivesLate() throws InterruptedException {
      CountDownLatch closed = new CountDownLatch(1);
      Connection late =
          Fakes.as(
              Connection.class,
              new Object() {
                @SuppressWarnings("unused")
                void close() {
                  closed.countDown();
                }
              });
      ConnectionSource slow =
          ConnectionSource.bounded(
              () -> {
                openLate();
                return late;
              });
      assertThatThrownBy(() -> open(slow, SHORT)).isInstanceOf(SQLException.class);

      answering.countDown();

      assertThat(closed.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldNotStartThreadsWithoutEnd() {
      List<String> messages = new ArrayList<>();
      for (int i = 0; i < 31; i++) {
        assertThatThrownBy(() -> open(silent, SHORT))
            .satisfies(failure -> messages.add(failure.getMessage()));
      }
      assertThat(messages.subList(0, 30)).allMatch(message -> message.contains("within 1 ms"));
      assertThat(messages.get(30)).startsWith("30 earlier attempts to connect have no answer yet");
      answering.countDown();
    }

    @Test
    void shouldEndWhenTheThreadIsInterrupted() {
      Thread.currentThread().interrupt();

      assertThatExceptionOfType(LockInterruptedException.class)
          .isThrownBy(
              () ->
                  new AdvisoryLock(KEY, RetryPolicy.DEFAULT, LockListener.NONE)
                      .acquire(LockSession.dedicated(silent, "test")));
      assertThat(Thread.interrupted()).isTrue();
      answering.countDown();
    }

    @Test
    void shouldEndWhenTheThreadIsInterruptedMeanwhile() {
      Thread waiting = Thread.currentThread();
      ConnectionSource interrupting =
          ConnectionSource.bounded(
              () -> {
                waiting.interrupt();
                return openLate();
              });

      assertThatExceptionOfType(LockInterruptedException.class)
          .isThrownBy(
              () ->
                  new AdvisoryLock(KEY, RetryPolicy.DEFAULT, LockListener.NONE)
                      .acquire(LockSession.dedicated(interrupting, "test")));
      assertThat(Thread.interrupted()).isTrue();
      answering.countDown();
    }

    @Test
    void shouldFailAsTheSourceDoes() {
      SQLException refused = new SQLException("refused", "28P01");
      IllegalStateException broken = new IllegalStateException("broken");
      NoClassDefFoundError missing = new NoClassDefFoundError("missing");

      for (Throwable failure : List.of(refused, broken, missing)) {
        ConnectionSource failing =
            ConnectionSource.bounded(
                () -> {
                  if (failure instanceof SQLException e) {
                    throw e;
                  }
                  if (failure instanceof Error e) {
                    throw e;
                  }
                  throw (RuntimeException) failure;
                });
        assertThatThrownBy(failing::open).isSameAs(failure);
      }
    }

    @Test
    void shouldFindWhatOnlyTheCallersContextLoads() throws SQLException {
      AtomicReference<ClassLoader> seen = new AtomicReference<>();
      ConnectionSource looking =
          ConnectionSource.bounded(
              () -> {
                seen.set(Thread.currentThread().getContextClassLoader());
                return client.connection();
              });

      assertThat(open(looking, Duration.ofSeconds(60))).isSameAs(client.connection());
      assertThat(seen).hasValue(Thread.currentThread().getContextClassLoader());
    }

    @Test
    void shouldBeUnavailableWhenEachAttemptFailed() {
      RecordingListener events = new RecordingListener();
      RetryPolicy once = new RetryPolicy(Duration.ofDays(1), 2, SHORT, Duration.ZERO, SHORT);
      ConnectionSource down =
          () -> {
            throw new SQLException("Connection refused", "08001");
          };

      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(
              () ->
                  new AdvisoryLock(KEY, once, events).acquire(LockSession.dedicated(down, "test")))
          .withMessageContaining("no attempt reached the lock (2 tries in ")
          .withMessageEndingWith("the last try failed: Connection refused [SQLSTATE 08001]");
      assertThat(events.events(LockListener.Waiting.class)).hasSize(1);
    }
  }

  @Nested
  class OfTheCallersDataSource {

    private final CopyOnWriteArrayList<Thread> reports = new CopyOnWriteArrayList<>();

    @Test
    void shouldReportThatItWaits() throws SQLException {
      AtomicReference<Thread> asked = new AtomicReference<>();
      Opening opening =
          new Opening(
              SHORT,
              SHORT,
              () -> {
                reports.add(Thread.currentThread());
                answering.countDown();
              });

      Connection opened =
          opening.from(
              () -> {
                asked.set(Thread.currentThread());
                return openLate();
              });
      int soFar = reports.size();

      assertThat(opened).isSameAs(client.connection());
      assertThat(asked).hasValue(Thread.currentThread());
      assertThat(reports).hasSize(soFar).isNotEmpty().doesNotContain(Thread.currentThread());
    }

    @Test
    void shouldNameWhatItWaitsFor() {
      List<String> lines = new ArrayList<>();

      new LogLines(lines::add, lines::add, lines::add)
          .onWaiting(
              new LockListener.Waiting(
                  KEY,
                  1,
                  Duration.ofSeconds(10),
                  RetryPolicy.DEFAULT,
                  null,
                  new PendingConnection()));

      assertThat(lines)
          .containsExactly(
              "Still waiting for a connection for the advisory lock 42: its data source has not"
                  + " provided a connection yet (1 try in 10.0 s; timeout 5 min)");
    }
  }
}
