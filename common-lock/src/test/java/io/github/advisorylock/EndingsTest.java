package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever becomes of a lock, its session is given back exactly once. */
class EndingsTest {

  private final FakeTiming timing = new FakeTiming();

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private HeldLock acquire(FakeSession session) {
    RetryPolicy retry =
        new RetryPolicy(
            Duration.ofSeconds(1),
            5,
            Duration.ofMillis(100),
            Duration.ZERO,
            Duration.ofMillis(100));
    return new AdvisoryLock(LockKey.MIGRATION, retry, LockListener.NONE, timing).acquire(session);
  }

  @Test
  void shouldKeepTheSessionWhileTheLockIsHeld() {
    FakeSession session = FakeSession.free();

    acquire(session);

    assertThat(session.givenBack()).isZero();
  }

  @Test
  void shouldGiveBackWhenReleased() {
    FakeSession session = FakeSession.free();

    acquire(session).close();

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackOnceWhenReleasedTwice() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    held.close();

    held.close();

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackOnceWhenReleasedByManyThreads() throws Exception {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    int threads = 8;
    CyclicBarrier start = new CyclicBarrier(threads);
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> releases =
          java.util.stream.IntStream.range(0, threads)
              .<Future<?>>mapToObj(
                  i ->
                      executor.submit(
                          () -> {
                            start.await();
                            held.close();
                            return null;
                          }))
              .toList();
      for (Future<?> release : releases) {
        release.get();
      }
    } finally {
      executor.shutdownNow();
    }

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackWhenItTimesOut() {
    FakeSession session = FakeSession.locked();

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(() -> acquire(session));

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldNotTryAtAllIfInterruptedBefore() {
    FakeSession session = FakeSession.free();
    Thread.currentThread().interrupt();

    assertThatExceptionOfType(LockInterruptedException.class)
        .isThrownBy(() -> acquire(session))
        .withMessage(
            "Interrupted while waiting for the advisory lock %s (0 tries in 0 ms)"
                .formatted(LockKey.MIGRATION));

    assertThat(session.tried()).isZero();
    assertThat(session.givenBack()).isEqualTo(1);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void shouldLeaveAtOnceIfInterruptedWhilePausing() {
    FakeSession session = FakeSession.locked();
    timing.duringSleep(() -> Thread.currentThread().interrupt());

    assertThatExceptionOfType(LockInterruptedException.class)
        .isThrownBy(() -> acquire(session))
        .withMessageContaining("(1 try in 0 ms)");

    assertThat(session.tried()).isEqualTo(1);
    assertThat(session.givenBack()).isEqualTo(1);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void shouldLeaveAtOnceIfInterruptedDuringATry() {
    FakeSession session =
        FakeSession.locked()
            .next(
                () -> {
                  Thread.currentThread().interrupt();
                  return false;
                });

    assertThatExceptionOfType(LockInterruptedException.class).isThrownBy(() -> acquire(session));

    assertThat(session.tried()).isEqualTo(1);
    assertThat(session.givenBack()).isEqualTo(1);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  /** As Hikari does while it waits for a connection, with a failure that has no SQLSTATE. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldCallItAnInterruptIfThatMadeTheTryFail(boolean couldStartAfresh) {
    SQLException failure = new SQLException("Interrupted during connection acquisition");
    FakeSession session =
        FakeSession.free()
            .open(
                () -> {
                  Thread.currentThread().interrupt();
                  throw failure;
                });
    if (!couldStartAfresh) {
      session.neverStartsAfresh();
    }

    assertThatExceptionOfType(LockInterruptedException.class)
        .isThrownBy(() -> acquire(session))
        .withCause(failure);

    assertThat(session.givenBack()).isEqualTo(1);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void shouldHoldTheLockEvenIfInterruptedDuringTheSuccessfulTry() {
    FakeSession session =
        FakeSession.locked()
            .next(
                () -> {
                  Thread.currentThread().interrupt();
                  return true;
                });

    assertThat(acquire(session)).isNotNull();

    assertThat(session.givenBack()).isZero();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void shouldEndAtOnceWithAFailureThatWouldLast() {
    FakeSession session =
        FakeSession.free()
            .neverStartsAfresh()
            .open(failing(new SQLException("FATAL: password authentication failed", "28P01")));

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(session))
        .withMessage(
            "There is no advisory lock %s to be had: FATAL: password authentication failed"
                    .formatted(LockKey.MIGRATION)
                + " [SQLSTATE 28P01]")
        .withCauseInstanceOf(SQLException.class);

    assertThat(session.opened()).isEqualTo(1);
    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackOnceAfterAFailureThatPassed() {
    FakeSession session = FakeSession.free().next(failing(new SQLException("terminated", "57P01")));

    acquire(session).close();

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackIfFailuresDoNotPass() {
    FakeSession session = FakeSession.free().open(failing(new SQLException("refused", "08001")));

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(() -> acquire(session));

    assertThat(session.opened()).isEqualTo(5);
    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackIfNoLockCouldBeReliedUpon() {
    LockUnavailableException standby =
        new LockUnavailableException(LockKey.MIGRATION, "a standby", null);
    FakeSession session = FakeSession.free().open(failing(standby));

    assertThatThrownBy(() -> acquire(session)).isSameAs(standby);

    assertThat(session.tried()).isZero();
    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackIfTheServerOnlyPretends() {
    LockUnavailableException pretender =
        new LockUnavailableException(LockKey.MIGRATION, "a pretender", null);
    FakeSession session = FakeSession.free().next(failing(pretender));

    assertThatThrownBy(() -> acquire(session)).isSameAs(pretender);

    assertThat(session.tried()).isEqualTo(1);
    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackIfTheDriverFailsInSomeOtherWay() {
    IllegalStateException broken = new IllegalStateException("a broken proxy");
    FakeSession session = FakeSession.free().next(failing(broken));

    assertThatThrownBy(() -> acquire(session)).isSameAs(broken);

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackAfterAnError() {
    OutOfMemoryError error = new OutOfMemoryError("on purpose");
    FakeSession session = FakeSession.free().next(failing(error));

    assertThatThrownBy(() -> acquire(session)).isSameAs(error);

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldGiveBackAfterAnErrorWhileLookingForTheHolder() {
    StackOverflowError error = new StackOverflowError("on purpose");
    FakeSession session = FakeSession.locked().seeingHolder(failing(error));

    assertThatThrownBy(() -> acquire(session)).isSameAs(error);

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldNotSayInterruptedIfTheCauseWasAnother() {
    FakeSession session =
        FakeSession.free().neverStartsAfresh().open(failing(new SQLException("no", "3D000")));

    assertThatThrownBy(() -> acquire(session)).isInstanceOf(LockUnavailableException.class);

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void shouldAcquireAgainOnASessionThatWasReleased() throws ExecutionException {
    FakeSession session = FakeSession.free();
    acquire(session).close();

    acquire(session).close();

    assertThat(session.givenBack()).isEqualTo(2);
  }
}
