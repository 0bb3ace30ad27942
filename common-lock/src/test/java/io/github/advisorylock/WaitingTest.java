package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a waiter tries, for how long it pauses in between, and when it gives up. */
class WaitingTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final FakeTiming timing = new FakeTiming();
  private final FakeSession locked = FakeSession.locked();

  private static RetryPolicy policy(Duration timeout, int maxAttempts) {
    return new RetryPolicy(
        timeout, maxAttempts, Duration.ofMillis(100), Duration.ofMillis(100), SECOND);
  }

  private static RetryPolicy timeout(Duration timeout) {
    return policy(timeout, RetryPolicy.UNLIMITED_ATTEMPTS);
  }

  private static RetryPolicy attempts(int maxAttempts) {
    return policy(RetryPolicy.NO_TIMEOUT, maxAttempts);
  }

  private HeldLock acquire(RetryPolicy retry, FakeSession session) {
    return new AdvisoryLock(LockKey.MIGRATION, retry, LockListener.NONE, timing).acquire(session);
  }

  private LockTimeoutException giveUp(RetryPolicy retry) {
    return assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(retry, locked))
        .actual();
  }

  @Test
  void shouldNotPauseIfTheLockIsFree() {
    acquire(RetryPolicy.DEFAULT, FakeSession.free());

    assertThat(timing.sleeps()).isEmpty();
  }

  @Test
  void shouldPauseLongerFromTryToTryUpToTheCap() {
    acquire(attempts(100), FakeSession.lockedUntilTry(14));

    assertThat(timing.sleeps())
        .extracting(Duration::toMillis)
        .containsExactly(
            100L, 200L, 300L, 400L, 500L, 600L, 700L, 800L, 900L, 1000L, 1000L, 1000L, 1000L);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.000_1, 0.25, 0.5, 0.999_999_999_999})
  void shouldShortenEachPauseByAtMostAFifth(double chance) {
    timing.random(chance);

    acquire(attempts(100), FakeSession.lockedUntilTry(14));

    for (int i = 0; i < timing.sleeps().size(); i++) {
      Duration full = attempts(100).delayAfter(i + 1);
      assertThat(timing.sleeps().get(i)).isBetween(full.multipliedBy(4).dividedBy(5), full);
    }
  }

  @Test
  void shouldSpreadPausesByChance() {
    timing.random(0.5);

    acquire(attempts(100), FakeSession.lockedUntilTry(3));

    assertThat(timing.sleeps()).containsExactly(Duration.ofMillis(90), Duration.ofMillis(180));
  }

  static Stream<Duration> longDelays() {
    return Stream.of(Duration.ofDays(365), Duration.ofDays(365_000), RetryPolicy.NO_TIMEOUT);
  }

  @ParameterizedTest
  @MethodSource("longDelays")
  void shouldPauseForAsLongAsAPolicyCanSay(Duration delay) {
    timing.random(0.999);
    RetryPolicy retry = Tries.upTo(2, delay);

    giveUp(retry);

    assertThat(timing.sleeps()).singleElement().matches(pause -> pause.compareTo(SECOND) > 0);
  }

  @Test
  void shouldTryOnceWithTimeoutZero() {
    giveUp(timeout(Duration.ZERO));

    assertThat(locked.tried()).isEqualTo(1);
    assertThat(timing.sleeps()).isEmpty();
  }

  @Test
  void shouldAcquireAFreeLockWithTimeoutZero() {
    assertThat(acquire(timeout(Duration.ZERO), FakeSession.free())).isNotNull();
  }

  @Test
  void shouldGoOnForDaysWithoutTimeout() {
    acquire(timeout(RetryPolicy.NO_TIMEOUT), FakeSession.lockedUntilTry(500_000));

    assertThat(timing.slept()).isGreaterThan(Duration.ofDays(5));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void shouldGiveUpAfterTheLastTryAllowed(int maxAttempts) {
    giveUp(attempts(maxAttempts));

    assertThat(locked.tried()).isEqualTo(maxAttempts);
  }

  @Test
  void shouldNotPauseAfterTheLastTryAllowed() {
    giveUp(attempts(3));

    assertThat(timing.sleeps()).hasSize(2);
  }

  @Test
  void shouldTryOnceMoreWhenTheTimeoutHasPassed() {
    giveUp(timeout(Duration.ofMillis(350)));

    // at 0, 100, 300 and, instead of 600, at 350
    assertThat(locked.tried()).isEqualTo(4);
  }

  @Test
  void shouldCutTheLastPauseToWhatIsLeft() {
    giveUp(timeout(Duration.ofMillis(350)));

    assertThat(timing.sleeps()).last().isEqualTo(Duration.ofMillis(50));
  }

  @Test
  void shouldCountTheTimeThatTriesTake() {
    FakeSession slow =
        FakeSession.locked()
            .open(
                () -> {
                  timing.pass(SECOND);
                  return true;
                });

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(timeout(Duration.ofMillis(2_500)), slow))
        .returns(Duration.ofMillis(3_300), LockTimeoutException::waited);
  }

  @Test
  void shouldNotPauseForLessThanNothing() {
    FakeSession slowToReport =
        FakeSession.locked()
            .seeingHolder(
                () -> {
                  timing.pass(SECOND.multipliedBy(20));
                  return true;
                });

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(timeout(SECOND), slowToReport));

    assertThat(timing.sleeps()).containsExactly(Duration.ZERO);
  }

  @Test
  void shouldAcquireWithTheTryAtTheTimeout() {
    assertThat(acquire(timeout(Duration.ofMillis(350)), FakeSession.lockedUntilTry(4))).isNotNull();
  }

  @Test
  void shouldSayHowOftenItTriedAndHowLongItWaited() {
    assertThat(giveUp(timeout(Duration.ofMillis(350))))
        .returns(4, LockTimeoutException::attempts)
        .returns(Duration.ofMillis(350), LockTimeoutException::waited);
  }

  @Test
  void shouldCountAPassingFailureAsAFailedTry() {
    FakeSession session = FakeSession.free().next(failing(new SQLException("terminated", "57P01")));

    acquire(attempts(2), session);

    assertThat(session.failures()).hasSize(1);
    assertThat(timing.sleeps()).containsExactly(Duration.ofMillis(100));
  }

  @Test
  void shouldOpenTheSessionForEachTry() {
    acquire(attempts(3), FakeSession.lockedUntilTry(1));
    FakeSession session = FakeSession.lockedUntilTry(3);

    acquire(attempts(3), session);

    assertThat(session.opened()).isEqualTo(3);
  }

  @Test
  void shouldGiveUpWithTheLastFailureAsCause() {
    SQLException refused = new SQLException("refused", "08001");
    locked.next(() -> false);
    for (int i = 0; i < 4; i++) {
      locked.next(failing(refused));
    }

    assertThat(giveUp(timeout(SECOND))).hasCause(refused).hasMessageContaining("refused");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void shouldBeUnavailableIfNoTryGotAnAnswer(long timeoutMillis) {
    SQLException refused = new SQLException("refused", "08001");
    locked.open(failing(refused));

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(timeout(Duration.ofMillis(timeoutMillis)), locked))
        .withCause(refused)
        .withMessageContaining("no attempt reached the lock");
  }

  @Test
  void shouldTryAgainAtOnceWhenItHasBegunToListen() {
    FakeSession session = FakeSession.lockedUntilTry(2).oneOfListeners(1);

    acquire(attempts(2), session);

    assertThat(session.tried()).isEqualTo(2);
    assertThat(session.awaited()).isEmpty();
  }

  @Test
  void shouldListenInsteadOfSleeping() {
    FakeSession session = FakeSession.lockedUntilTry(5).oneOfListeners(1);

    acquire(attempts(100), session);

    assertThat(session.awaited()).extracting(Duration::toMillis).containsExactly(100L, 200L, 300L);
  }

  @Test
  void shouldNotListenIfItTriesOnlyOnce() {
    FakeSession session = FakeSession.locked().oneOfListeners(1);

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(timeout(Duration.ZERO), session));

    assertThat(session.tried()).isEqualTo(1);
    assertThat(session.listeners()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 100, 1000",
    "4, 100, 1000",
    "5, 125, 1250",
    "8, 200, 2000",
    "12, 300, 3000",
    "200, 3000, 3000",
    "2147483647, 3000, 3000"
  })
  void shouldTryTheLessOftenTheMoreWait(int listeners, long first, long last) {
    FakeSession session = FakeSession.lockedUntilTry(22).oneOfListeners(listeners);

    acquire(attempts(100), session);

    assertThat(session.awaited().get(0)).hasMillis(first);
    assertThat(session.awaited().get(19)).hasMillis(last);
  }

  @Test
  void shouldNotMakeALongPauseLongerOrShorter() {
    FakeSession session = FakeSession.lockedUntilTry(3).oneOfListeners(200);
    Duration minute = Duration.ofMinutes(1);

    acquire(Tries.upTo(9, minute), session);

    assertThat(session.awaited()).containsExactly(minute);
  }

  @Test
  void shouldStartPausesAnewWhenOnlyAnOrphanIsInTheWay() {
    LockHolder orphan = LockHolder.unseen(LockKey.MIGRATION.forWork(), 7);
    FakeSession session =
        FakeSession.lockedUntilTry(5)
            .orphan(() -> orphan)
            .orphan(() -> orphan)
            .orphan(() -> orphan);

    acquire(attempts(100), session);

    assertThat(timing.sleeps())
        .extracting(Duration::toMillis)
        .containsExactly(100L, 200L, 300L, 400L, 100L, 100L, 100L);
  }
}
