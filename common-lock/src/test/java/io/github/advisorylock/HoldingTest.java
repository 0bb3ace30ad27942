package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is known of a lock while it is held. */
class HoldingTest {

  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(FakeSession session) {
    return acquire(session, events);
  }

  private HeldLock acquire(FakeSession session, LockListener listener) {
    return new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, listener, timing)
        .acquire(session);
  }

  @Test
  void shouldBelieveTheSessionThatSaysItHoldsTheLock() {
    HeldLock held = acquire(FakeSession.free());

    assertThatCode(held::verify).doesNotThrowAnyException();
    assertThat(held.isLost()).isFalse();
  }

  @Test
  void shouldNotBeHeldAnyMoreOnceItIsClosed() {
    HeldLock held = acquire(FakeSession.free());
    held.close();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("it has been released");
    assertThat(held.isLost()).isFalse();
    assertThat(events.events(LockListener.Lost.class)).isEmpty();
  }

  @Test
  void shouldSayWhatEndedTheSession() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    session.lost("terminating connection due to administrator command [SQLSTATE 57P01]");
    timing.pass(Duration.ofSeconds(3));

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("The advisory lock migration (-8472138601791040455) was lost: ")
        .withMessageContaining("terminating connection due to administrator command")
        .withMessageContaining("acquired 3.0 s before")
        .returns(LockKey.MIGRATION, LockLostException::key);
    assertThat(held.isLost()).isTrue();
  }

  @Test
  void shouldTellTheLossOnce() {
    FakeSession session = FakeSession.free().problemAtRelease("still gone");
    HeldLock held = acquire(session);
    session.lost("gone");

    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(LockLostException.class).isThrownBy(held::verify);
    }
    held.close();

    assertThat(events.events(LockListener.Lost.class))
        .singleElement()
        .returns("gone", LockListener.Lost::reason);
    assertThat(events.events(LockListener.Released.class)).isEmpty();
  }

  @Test
  void shouldStayLost() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    session.lost("gone");
    assertThatExceptionOfType(LockLostException.class).isThrownBy(held::verify);

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.verify(FakeConnection.autoCommit(true).connection()))
        .withMessageContaining("gone");
  }

  @Test
  void shouldPassOnWhyTheServerCouldNotBeAsked() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    SQLException closed = new SQLException("This connection has been closed.", "08003");

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(
            () ->
                held.verify(
                    FakeConnection.autoCommit(true).failingToSetReadOnly(closed).connection()))
        .isSameAs(closed);
    assertThat(held.isLost()).isFalse();
  }

  @Test
  void shouldPreferTheLossToAFailureToAsk() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    session.lost("gone");
    SQLException closed = new SQLException("This connection has been closed.", "08003");

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(
            () ->
                held.verify(
                    FakeConnection.autoCommit(true).failingToSetReadOnly(closed).connection()))
        .withCause(closed);
  }

  /** As when a program closes its pool after a run whose end is noticed a moment later. */
  @Test
  void shouldTakeTheEndOfTheSessionForARelease() {
    FakeSession session = FakeSession.free();
    HeldLock held = acquire(session);
    held.releaseWithSessionOnceOver(() -> true);
    session.lost("This connection has been closed.");

    held.verify();
    held.close();

    assertThat(held.isLost()).isFalse();
    assertThat(events.events(LockListener.Lost.class)).isEmpty();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  @Timeout(30)
  void shouldNoticeTheLossWithoutBeingAsked() throws InterruptedException {
    CountDownLatch told = new CountDownLatch(1);
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1));
    HeldLock held =
        acquire(
            session,
            new LockListener() {
              @Override
              public void onLost(Lost event) {
                told.countDown();
              }
            });

    session.lost("gone");

    told.await();
    assertThat(held.isLost()).isTrue();
  }

  /** Meters would count less than none, and a recording would have no end of the hold. */
  @Test
  @Timeout(30)
  void shouldTellTheLossOnlyAfterTheBeginning() throws InterruptedException {
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1)).lost("gone");
    List<String> told = new CopyOnWriteArrayList<>();
    acquire(
        session,
        new LockListener() {
          @Override
          public void onAcquired(Acquired event) {
            session.awaitStandstillOfHeartbeat();
            told.add("acquired");
          }

          @Override
          public void onLost(Lost event) {
            told.add("lost");
          }
        });

    assertThat(session.heartbeatHasEnded()).isTrue();
    assertThat(told).containsExactly("acquired", "lost");
  }

  @Test
  @Timeout(30)
  void shouldConfirmTheLeaseHoweverLongAListenerTakes() {
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1));
    List<Boolean> confirmed = new ArrayList<>();
    LockListener slow =
        new LockListener() {
          @Override
          public void onAcquired(Acquired event) {
            try {
              confirmed.add(session.awaitThirdBeat());
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };

    acquire(session, slow).close();

    assertThat(confirmed).containsExactly(true);
  }

  @Test
  void shouldNotAskASessionThatNeedsNoHeartbeat() {
    FakeSession session = FakeSession.free();

    acquire(session).close();

    assertThat(session.askedForLoss()).isZero();
  }

  @Test
  void shouldGoOnConfirmingALeaseThatIsKept() throws InterruptedException {
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1));
    HeldLock held = acquire(session);

    assertThat(session.awaitThirdBeat()).isTrue();

    held.close();
  }

  @Test
  void shouldStopConfirmingWhenTheLockIsReleased() throws InterruptedException {
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1));
    HeldLock held = acquire(session);
    session.awaitThirdBeat();

    held.close();

    assertThat(session.heartbeatHasEnded()).isTrue();
  }

  @Test
  void shouldStopConfirmingWhenTheLockIsLost() throws InterruptedException {
    FakeSession session = FakeSession.free().heartbeat(Duration.ofMillis(1));
    acquire(session);
    session.awaitThirdBeat();

    session.lost("gone");

    assertThat(session.heartbeatHasEnded()).isTrue();
  }
}
