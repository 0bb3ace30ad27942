package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.GivenUp;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockListener.Waiting;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a listener hears, and when. */
class EventsTest {

  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener listener = new RecordingListener();

  private HeldLock acquire(FakeSession session) {
    return acquire(session, listener);
  }

  private HeldLock acquire(FakeSession session, LockListener told) {
    return new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, told, timing).acquire(session);
  }

  private List<Waiting> reports() {
    return listener.events(Waiting.class);
  }

  @Test
  void shouldReportNothingButAcquiringIfTheLockIsFree() {
    acquire(FakeSession.free());

    assertThat(listener.events())
        .containsExactly(new Acquired(LockKey.MIGRATION, 1, Duration.ZERO));
  }

  @Test
  void shouldReportAfterTheFirstUnsuccessfulTry() {
    acquire(FakeSession.lockedUntilTry(2).holder(Holders.idle()));

    assertThat(reports())
        .containsExactly(
            new Waiting(
                LockKey.MIGRATION, 1, Duration.ZERO, RetryPolicy.DEFAULT, Holders.idle(), null));
  }

  @Test
  void shouldReportEveryTenSeconds() {
    acquire(FakeSession.lockedUntilTry(41));

    // 5.5 s for the first ten pauses, then a try every second
    assertThat(reports())
        .extracting(Waiting::waited)
        .extracting(Duration::toMillis)
        .containsExactly(0L, 10_500L, 20_500L, 30_500L);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 10000",
    "4, 10000",
    "5, 12500",
    "11, 27500",
    "12, 30000",
    "200, 30000",
    "2147483647, 30000"
  })
  void shouldReportTheLessOftenTheMoreWait(int listeners, long between) {
    RetryPolicy retry = Tries.upTo(1_000, Duration.ofMillis(500));

    new AdvisoryLock(LockKey.MIGRATION, retry, listener, timing)
        .acquire(FakeSession.lockedUntilTry(200).oneOfListeners(listeners));

    assertThat(reports())
        .extracting(Waiting::waited)
        .extracting(Duration::toMillis)
        .startsWith(0L, between, 2 * between, 3 * between);
  }

  @Test
  void shouldReportAsSoonAsAnyoneWhenTheCrowdIsOfNoConcernAnyMore() {
    FakeSession session = FakeSession.lockedUntilTry(17).oneOfListeners(200);
    for (int look = 0; look < 150; look++) {
      session.orphan(() -> LockHolder.unseen(LockKey.MIGRATION.forWork(), 7));
    }

    new AdvisoryLock(LockKey.MIGRATION, Tries.upTo(1_000, Duration.ofSeconds(2)), listener, timing)
        .acquire(session);

    assertThat(reports())
        .extracting(Waiting::waited)
        .extracting(Duration::toMillis)
        .containsExactly(0L, 30_000L, 45_000L, 55_000L); // granted after 45 s
  }

  @Test
  void shouldReportTheTriesSoFar() {
    acquire(FakeSession.lockedUntilTry(17));

    assertThat(reports()).extracting(Waiting::attempts).containsExactly(1, 16);
  }

  @Test
  void shouldNameTheSessionOncePerReport() {
    FakeSession session = FakeSession.lockedUntilTry(41);

    acquire(session);

    assertThat(session.announcedAfterTry())
        .isEqualTo(reports().stream().map(Waiting::attempts).toList());
  }

  @Test
  void shouldNotReportTheLastTry() {
    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(
            () ->
                new AdvisoryLock(
                        LockKey.MIGRATION,
                        new RetryPolicy(
                            Duration.ZERO,
                            1,
                            Duration.ofSeconds(1),
                            Duration.ZERO,
                            Duration.ofSeconds(1)),
                        listener,
                        timing)
                    .acquire(FakeSession.locked()));

    assertThat(reports()).isEmpty();
  }

  private GivenUp givenUp() {
    return listener.events(GivenUp.class).get(0);
  }

  @Test
  void shouldSayThatTheWaitTimedOut() {
    RetryPolicy threeTries = Tries.upTo(3, Duration.ofSeconds(1));

    LockTimeoutException timeout =
        assertThatExceptionOfType(LockTimeoutException.class)
            .isThrownBy(
                () ->
                    new AdvisoryLock(LockKey.MIGRATION, threeTries, listener, timing)
                        .acquire(FakeSession.locked()))
            .actual();

    assertThat(listener.events())
        .last()
        .isEqualTo(new GivenUp(LockKey.MIGRATION, 3, Duration.ofSeconds(2), timeout));
  }

  @Test
  void shouldSayThatTheWaitWasInterrupted() {
    Thread.currentThread().interrupt();

    LockInterruptedException interrupt =
        assertThatExceptionOfType(LockInterruptedException.class)
            .isThrownBy(() -> acquire(FakeSession.free()))
            .actual();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(listener.events())
        .containsExactly(new GivenUp(LockKey.MIGRATION, 0, Duration.ZERO, interrupt));
  }

  @Test
  void shouldSayThatWaitingWouldNotHelp() {
    FakeSession session =
        FakeSession.lockedUntilTry(2)
            .neverStartsAfresh()
            .next(failing(new SQLException("gone", "28P01")));

    LockUnavailableException unavailable =
        assertThatExceptionOfType(LockUnavailableException.class)
            .isThrownBy(() -> acquire(session))
            .actual();

    assertThat(givenUp())
        .isEqualTo(new GivenUp(LockKey.MIGRATION, 2, Duration.ofMillis(100), unavailable));
  }

  @Test
  void shouldSayThatADriverFailedInSomeOtherWay() {
    IllegalStateException broken = new IllegalStateException("a broken proxy");
    FakeSession session = FakeSession.free().open(failing(broken));

    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> acquire(session));

    assertThat(givenUp().reason()).isSameAs(broken);
  }

  @Test
  void shouldGiveTheSessionBackBeforeItSaysThatThereIsNoLock() {
    FakeSession session = FakeSession.free().neverStartsAfresh().open(EventsTest::refuse);
    List<Integer> givenBack = new ArrayList<>();

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                acquire(
                    session,
                    new LockListener() {
                      @Override
                      public void onGivenUp(GivenUp event) {
                        givenBack.add(session.givenBack());
                      }
                    }));

    assertThat(givenBack).containsExactly(1);
  }

  private static boolean refuse() throws SQLException {
    throw new SQLException("password authentication failed", "28P01");
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldThrowWhyThereIsNoLockWithAFailingListener(Throwable failure) {
    FakeSession session = FakeSession.free().neverStartsAfresh().open(EventsTest::refuse);

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(session, new FailingListener(failure)));
  }

  @Test
  void shouldReportWhyATryFailed() {
    SQLException refused = new SQLException("refused", "08001");
    FakeSession session = FakeSession.free().holder(Holders.idle()).next(failing(refused));

    acquire(session);

    assertThat(reports())
        .singleElement()
        .returns(refused, Waiting::failure)
        .returns(null, Waiting::holder);
    assertThat(session.announcedAfterTry()).isEmpty();
  }

  @Test
  void shouldReportWithoutHolderIfItCannotBeSeen() {
    acquire(
        FakeSession.lockedUntilTry(2)
            .seeingHolder(
                failing(new SQLException("permission denied for view pg_stat_activity", "42501"))));

    assertThat(reports())
        .singleElement()
        .returns(null, Waiting::holder)
        .returns(null, Waiting::failure);
  }

  @Test
  void shouldGoOnWaitingIfTheSessionCannotBeNamed() {
    FakeSession session =
        FakeSession.lockedUntilTry(2).announcing(failing(new SQLException("terminated", "57P01")));

    assertThat(acquire(session)).isNotNull();
  }

  @Test
  void shouldSayHowLongAcquiringTook() {
    acquire(FakeSession.lockedUntilTry(4));

    assertThat(listener.events())
        .last()
        .isEqualTo(new Acquired(LockKey.MIGRATION, 4, Duration.ofMillis(600)));
  }

  @Test
  void shouldSayHowLongTheLockWasHeld() {
    HeldLock held = acquire(FakeSession.free());
    timing.pass(Duration.ofSeconds(90));

    held.close();

    assertThat(listener.events())
        .last()
        .isEqualTo(new Released(LockKey.MIGRATION, Duration.ofSeconds(90)));
  }

  @Test
  void shouldSayThatTheLockWasLost() {
    HeldLock held = acquire(FakeSession.free().problemAtRelease("it was gone"));
    timing.pass(Duration.ofSeconds(90));

    held.close();

    assertThat(listener.events())
        .last()
        .isEqualTo(new Lost(LockKey.MIGRATION, Duration.ofSeconds(90), "it was gone"));
    assertThat(listener.events(Released.class)).isEmpty();
  }

  static Stream<Throwable> failures() {
    return Stream.of(
        new IllegalStateException("from a listener, on purpose"),
        new AssertionError("from a listener, on purpose"),
        new NoClassDefFoundError("from a listener, on purpose"),
        new Exception("from a listener in a language without checked exceptions, on purpose"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldAcquireWithAFailingListener(Throwable failure) {
    assertThat(acquire(FakeSession.lockedUntilTry(2), new FailingListener(failure))).isNotNull();

    assertThat(timing.slept()).isEqualTo(Duration.ofMillis(100));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldReleaseWithAFailingListener(Throwable failure) {
    FakeSession session = FakeSession.free();

    acquire(session, new FailingListener(failure)).close();

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldFindTheLockLostWithAFailingListener(Throwable failure) {
    FakeSession session = FakeSession.free().problemAtRelease("it was gone");

    acquire(session, new FailingListener(failure)).close();

    assertThat(session.givenBack()).isEqualTo(1);
  }

  @Test
  void shouldTellOfOneEndOnly() {
    FakeServer server = new FakeServer();
    RecordingListener told = new RecordingListener();
    HeldLock held =
        new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, told)
            .acquire(
                LockSession.dedicated(
                    () -> server.connect().connection(), "test", FakeClient.NO_LEASE));

    held.close();

    assertThatThrownBy(() -> held.verify(server.connect().connection()))
        .isInstanceOf(LockLostException.class)
        .hasMessageContaining("it has been released");
    assertThat(told.events(LockListener.Released.class)).hasSize(1);
    assertThat(told.events(LockListener.Lost.class)).isEmpty();
  }

  @Test
  void shouldIgnoreEverythingByDefault() {
    HeldLock held = acquire(FakeSession.lockedUntilTry(2), LockListener.NONE);
    held.close();
    acquire(FakeSession.free().problemAtRelease("it was gone"), LockListener.NONE).close();

    assertThat(held.key()).isEqualTo(LockKey.MIGRATION);
  }

  private static final class FailingListener extends ForwardingListener {
    private final Throwable failure;

    FailingListener(Throwable failure) {
      this.failure = failure;
    }

    @Override
    protected void forward(Consumer<LockListener> event) {
      throw FailingListener.<RuntimeException>unchecked(failure);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T unchecked(Throwable throwable) throws T {
      throw (T) throwable;
    }
  }
}
