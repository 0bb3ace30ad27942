package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.LockListener.Waiting;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A wait for the end of somebody else's work, by somebody who does not want the lock. */
class AwaitFreeTest {

  private static final LockKey KEY = LockKey.MIGRATION;

  private final FakeServer server = new FakeServer();
  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener listener = new RecordingListener();
  private final List<FakeClient> clients = new ArrayList<>();

  private FakeClient connect(FakeClient client) {
    clients.add(client);
    return client;
  }

  private void awaitFree() {
    new AdvisoryLock(KEY, RetryPolicy.DEFAULT, listener, timing)
        .awaitFree(() -> connect(server.connect()).connection());
  }

  @Test
  void shouldReturnAtOnceIfTheLockIsFree() {
    awaitFree();

    assertThat(timing.sleeps()).isEmpty();
    assertThat(listener.events()).isEmpty();
  }

  @Test
  void shouldRefuseWhatIsNoConnection() {
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                new AdvisoryLock(KEY, RetryPolicy.DEFAULT, listener, timing).awaitFree(() -> null))
        .withMessageContaining("gave null")
        .satisfies(refusal -> assertThat(refusal.key()).contains(KEY));
  }

  @Test
  void shouldTakeNothing() {
    FakeBackend other = server.backend().holding(KEY);
    timing.duringSleep(
        () -> {
          assertThat(server.holders(KEY)).containsExactly(other.pid());
          assertThat(server.holders(KEY.forWaiting())).isEmpty();
          other.unlockAll();
        });

    awaitFree();

    assertThat(timing.sleeps()).hasSize(1);
    assertThat(server.holders(KEY)).isEmpty();
  }

  @Test
  void shouldHoldNoTransactionBetweenTwoLooks() {
    FakeBackend other = server.backend().holding(KEY);
    timing.duringSleep(
        () -> {
          assertThat(clients.get(0).backend().isInTransaction()).isFalse();
          assertThat(clients.get(0).backend().hasSnapshot()).isFalse();
          other.end();
        });

    awaitFree();

    assertThat(clients).hasSize(1);
  }

  @Test
  void shouldWaitForTheEndOfTheWorkOfAHolderThatHasGone() {
    FakeBackend worker = server.backend().sharing(KEY.forWork());
    timing.duringSleep(worker::end);

    awaitFree();

    assertThat(listener.events(Waiting.class))
        .singleElement()
        .extracting(waiting -> waiting.holder().key())
        .isEqualTo(KEY.forWork());
  }

  @Test
  void shouldNotWaitForThoseWhoWait() {
    server.backend().sharing(KEY.forWaiting());

    awaitFree();

    assertThat(timing.sleeps()).isEmpty();
  }

  @Test
  void shouldSayForWhomItWaitsAndNothingElse() {
    FakeBackend other = server.backend().holding(KEY);
    timing.duringSleep(other::unlockAll);

    awaitFree();

    assertThat(listener.events())
        .singleElement()
        .isInstanceOfSatisfying(
            Waiting.class,
            waiting -> assertThat(waiting.holder().session().pid()).isEqualTo(other.pid()));
  }

  @Test
  void shouldGiveUpAfterTheTimeout() {
    FakeBackend other = server.backend().holding(KEY);

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::awaitFree)
        .satisfies(
            e -> assertThat(e.holder()).map(holder -> holder.session().pid()).contains(other.pid()))
        .withNoCause();

    assertThat(timing.slept()).isEqualTo(RetryPolicy.DEFAULT.timeout());
    assertThat(clients.get(0).isClosed()).isTrue();
  }

  @Test
  void shouldReplaceAConnectionThatIsLost() {
    FakeBackend other = server.backend().holding(KEY);
    timing.duringSleep(
        () -> {
          clients.get(0).backend().end();
          if (clients.size() == 2) {
            other.unlockAll();
          }
        });

    awaitFree();

    assertThat(clients).hasSize(2).allMatch(FakeClient::isClosed);
    assertThat(listener.events(Waiting.class)).hasSize(1);
  }

  @Test
  void shouldTryAgainWhileNobodyAnswers() {
    AdvisoryLock lock = new AdvisoryLock(KEY, RetryPolicy.DEFAULT, listener, timing);

    lock.awaitFree(
        () -> {
          if (timing.sleeps().isEmpty()) {
            throw new SQLException("Connection refused", "08001");
          }
          return server.connect().connection();
        });

    assertThat(listener.events(Waiting.class))
        .singleElement()
        .extracting(waiting -> waiting.failure().getSQLState())
        .isEqualTo("08001");
  }

  @Test
  void shouldFailAtOnceIfNoPatienceHelps() {
    AdvisoryLock lock = new AdvisoryLock(KEY, RetryPolicy.DEFAULT, listener, timing);

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                lock.awaitFree(
                    () -> {
                      throw new SQLException("password authentication failed", "28P01");
                    }))
        .withMessageContaining("password authentication failed [SQLSTATE 28P01]");
    assertThat(timing.sleeps()).isEmpty();
  }

  @Test
  void shouldRefuseAStandbyAndCloseTheConnection() {
    server.standby();

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::awaitFree)
        .withMessageContaining("read-only standby");
    assertThat(clients.get(0).isClosed()).isTrue();
  }

  @Test
  void shouldEndAtOnceIfInterrupted() {
    server.backend().holding(KEY);
    timing.duringSleep(() -> Thread.currentThread().interrupt());

    assertThatExceptionOfType(LockInterruptedException.class).isThrownBy(this::awaitFree);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(clients.get(0).isClosed()).isTrue();
  }
}
