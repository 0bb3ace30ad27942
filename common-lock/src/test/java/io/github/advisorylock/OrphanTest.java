package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Getting the lock while a session still works for a run that has lost it. */
class OrphanTest {

  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(FakeSession session, RetryPolicy retry) {
    return new AdvisoryLock(LockKey.MIGRATION, retry, events, timing).acquire(session);
  }

  private static RetryPolicy tries(int most) {
    return Tries.upTo(most, Duration.ofMillis(100));
  }

  @Test
  void shouldWaitUntilTheOrphanHasGone() {
    FakeSession session = FakeSession.free().orphan(Holders::orphan).orphan(Holders::orphan);

    acquire(session, RetryPolicy.DEFAULT);

    assertThat(session.tried()).isEqualTo(1); // the lock is kept meanwhile
    assertThat(events.events(LockListener.Acquired.class))
        .singleElement()
        .returns(2, LockListener.Acquired::attempts); // in 200 ms, which is time for two tries
  }

  @Test
  void shouldSayForWhomItWaits() {
    acquire(FakeSession.free().orphan(Holders::orphan), RetryPolicy.DEFAULT);

    assertThat(events.events(LockListener.Waiting.class))
        .singleElement()
        .returns(Holders.orphan(), LockListener.Waiting::holder);
  }

  @Test
  void shouldNotSayThatItWaitsForTheLockThatItHas() {
    FakeSession session = FakeSession.free().orphan(Holders::orphan);

    acquire(session, RetryPolicy.DEFAULT);

    assertThat(session.announcedAfterTry()).isEmpty();
  }

  @Test
  void shouldWaitForAnOrphanAsLongAsForAHolder() {
    FakeSession session = FakeSession.free();
    for (int look = 0; look < 50; look++) {
      session.orphan(Holders::orphan);
    }
    RetryPolicy tenTries =
        new RetryPolicy(
            RetryPolicy.NO_TIMEOUT,
            10,
            Duration.ofMillis(500),
            Duration.ofMillis(100),
            Duration.ofSeconds(1));

    acquire(session, tenTries);

    assertThat(timing.sleeps()).hasSize(50).containsOnly(Duration.ofMillis(100));
    assertThat(events.events(LockListener.Acquired.class))
        .singleElement()
        .returns(7, LockListener.Acquired::attempts); // after 0.5 + 0.6 + 0.7 + 0.8 + 0.9 + 1 s
  }

  @Test
  void shouldGiveUpLikeOnAHolder() {
    FakeSession session = FakeSession.free().orphan(Holders::orphan).orphan(Holders::orphan);

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(session, tries(2)))
        .withMessageContaining(
            "it is ours, but a session still works for a run that has lost it: pid 4712")
        .withMessageContaining("active for 12.0 s: create table late as select 1")
        .withMessageContaining("pg_terminate_backend(4712)")
        .satisfies(e -> assertThat(e.holder()).contains(Holders.orphan()));
    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldTryForTheLockAgainIfItsSessionIsLostMeanwhile() {
    FakeSession session =
        FakeSession.free()
            .orphan(Holders::orphan)
            .orphan(failing(new SQLException("terminated", "57P01")));

    acquire(session, RetryPolicy.DEFAULT);

    assertThat(session.tried()).isEqualTo(2);
  }

  @Test
  void shouldGiveTheSessionBackIfItCannotStartToHold() {
    FakeSession session =
        FakeSession.free()
            .neverStartsAfresh()
            .startingToHold(failing(new SQLException("gone", "08006")));

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(session, RetryPolicy.DEFAULT));
    assertThat(session.givenBack()).isEqualTo(1);
  }
}
