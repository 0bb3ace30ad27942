package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How one who waits is told of the release. */
class WakeUpTest {

  private static final LockKey KEY = LockKey.of(-42);
  private static final RetryPolicy TWO_TRIES =
      new RetryPolicy(
          RetryPolicy.NO_TIMEOUT, 2, Duration.ofSeconds(1), Duration.ZERO, Duration.ofSeconds(1));

  private final FakeServer server = new FakeServer();
  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener events = new RecordingListener();
  private final FakeClient holder = server.connect();
  private final FakeClient waiter = server.connect().whileListening(timing::listen);
  private final FakeLoan loan = waiter.loan();
  private final String channel = "advisory_lock_" + waiter.backend().pid();

  private HeldLock acquire(LockSession session) {
    return new AdvisoryLock(KEY, TWO_TRIES, events, timing).acquire(session);
  }

  private HeldLock hold() {
    return acquire(LockSession.dedicated(holder::connection, "holder", FakeClient.NO_LEASE));
  }

  private LockSession session() {
    return LockSession.dedicated(loan::connection, "waiter", FakeClient.NO_LEASE);
  }

  private void waitInVain(LockSession session) {
    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(() -> acquire(session));
  }

  @Test
  void shouldListenOnAChannelOfItsOwnWhileItWaits() {
    List<Set<String>> channels = new ArrayList<>();
    List<List<Integer>> waiting = new ArrayList<>();
    timing.duringSleep(
        () -> {
          channels.add(Set.copyOf(waiter.backend().channels()));
          waiting.add(server.holders(KEY.forWaiting()));
        });
    hold();

    waitInVain(session());

    assertThat(channels).isNotEmpty().containsOnly(Set.of(channel));
    assertThat(waiting).containsOnly(List.of(waiter.backend().pid()));
    assertThat(timing.sleeps()).as("without listening").isEmpty();
  }

  @Test
  void shouldTryAsSoonAsTheLockIsReleased() {
    HeldLock held = hold();
    timing.duringSleep(held::close);
    Duration before = timing.now();

    acquire(session());

    assertThat(timing.now().minus(before)).as("one look, not the whole pause").hasMillis(50);
    assertThat(server.holders(KEY)).containsExactly(waiter.backend().pid());
  }

  @Test
  void shouldTryAndLookAtWhatItGotInOneStatementWhenItIsWokenUp() {
    HeldLock held = hold();
    timing.duringSleep(held::close);

    acquire(session());

    assertThat(last(waiter.statements())).contains("pg_try_advisory_lock", "set_config");
  }

  @Test
  void shouldOnlyTryWhereNobodyHasWokenItUp() {
    HeldLock held = hold();
    waiter.whileListening(
        millis -> {
          timing.listen(millis);
          held.close();
          waiter.backend().takeNotifications();
        });

    acquire(session());

    assertThat(waiter.statements())
        .endsWith("select pg_catalog.pg_try_advisory_lock(?)", last(waiter.statements()));
    assertThat(last(waiter.statements())).contains("pg_locks", "set_config");
    assertThat(server.holders(KEY)).containsExactly(waiter.backend().pid());
    assertThat(server.holders(KEY.forWaiting())).isEmpty();
  }

  @Test
  void shouldHaveTheTryAfterAWakeUpPlannedWhileThereIsTime() {
    HeldLock held = hold();
    List<String> whileWaiting = new ArrayList<>();
    timing.duringSleep(
        () -> {
          whileWaiting.addAll(waiter.statements());
          held.close();
        });

    acquire(session());

    assertThat(last(waiter.statements())).contains("pg_try_advisory_lock", "set_config");
    assertThat(whileWaiting).contains(last(waiter.statements()));
  }

  private static String last(List<String> statements) {
    return statements.get(statements.size() - 1);
  }

  @Test
  void shouldWakeOneOfThoseWhoWait() {
    FakeClient another = server.connect();
    another.backend().sharing(KEY.forWaiting());
    another.backend().listening("advisory_lock_" + another.backend().pid());
    HeldLock held = hold();
    List<Integer> notifications = new ArrayList<>();
    timing.duringSleep(
        () -> {
          held.close();
          if (notifications.isEmpty()) {
            notifications.add(waiter.backend().takeNotifications());
            notifications.add(another.backend().takeNotifications());
          }
        });

    acquire(session());

    assertThat(notifications).containsExactlyInAnyOrder(0, 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLeaveNothingBehindOnAPoolsConnection(boolean granted) {
    HeldLock held = hold();
    if (granted) {
      timing.duringSleep(held::close);
      acquire(session()).close();
    } else {
      timing.duringSleep(() -> server.listeningOn(channel).forEach(FakeBackend::notifyOnce));
      waitInVain(session());
    }

    assertThat(loan.isGivenBack()).isTrue();
    assertThat(waiter.backend().hasEnded()).isFalse();
    assertThat(waiter.backend().channels()).isEmpty();
    assertThat(waiter.backend().takeNotifications()).isZero();
    assertThat(server.holders(KEY.forWaiting())).isEmpty();
    assertThat(waiter.unclosed()).isZero();
  }

  @Test
  void shouldNotWaitAnyMoreOnceItHoldsTheLock() {
    HeldLock held = hold();
    timing.duringSleep(held::close);

    acquire(session());

    assertThat(server.holders(KEY.forWaiting())).isEmpty();
  }

  @Test
  void shouldNotListenOnSomebodysConnectionThatIsWorkedOn() {
    HeldLock held = hold();
    timing.duringSleep(held::close);

    HeldLock ours = acquire(LockSession.borrowed(waiter.connection(), "waiter"));
    assertThat(waiter.backend().channels()).isEmpty();
    ours.close();

    assertThat(waiter.backend().takeNotifications()).isZero();
  }

  @Test
  void shouldNotTakeSomebodyElsesNotifications() {
    waiter.backend().listening("theirs").notifyOnce();
    timing.duringSleep(() -> assertThat(waiter.backend().channels()).containsExactly("theirs"));
    hold();

    waitInVain(session());

    assertThat(waiter.backend().channels()).containsExactly("theirs");
    assertThat(waiter.backend().takeNotifications()).isEqualTo(1);
    assertThat(server.holders(KEY.forWaiting())).isEmpty();
    assertThat(timing.sleeps()).hasSize(1);
  }

  @Test
  void shouldNeitherListenNorNotifyIfToldNotTo() {
    SessionPolicy silent = new SessionPolicy(Pooling.AUTO, Duration.ZERO, false);
    FakeClient listener = server.connect();
    listener.backend().sharing(KEY.forWaiting());
    listener.backend().listening("advisory_lock_" + listener.backend().pid());
    HeldLock held = acquire(LockSession.dedicated(holder::connection, "holder", silent));

    waitInVain(LockSession.dedicated(loan::connection, "waiter", silent));
    held.close();

    assertThat(timing.sleeps()).hasSize(1);
    assertThat(listener.backend().takeNotifications()).isZero();
  }

  @Test
  void shouldNotListenBehindAPooler() {
    FakeClient pooled = server.connectThroughPooler();
    hold();

    waitInVain(LockSession.dedicated(pooled::connection, "waiter", FakeClient.NO_LEASE));

    assertThat(timing.sleeps()).hasSize(1);
    assertThat(pooled.statements()).noneMatch(sql -> sql.contains("listen"));
  }

  @Test
  void shouldNotListenThroughAPoolThatHidesTheDriver() {
    FakeLoan hidden = waiter.loan().hiding();
    hold();

    waitInVain(LockSession.dedicated(hidden::connection, "waiter", FakeClient.NO_LEASE));

    assertThat(timing.sleeps()).hasSize(1);
  }

  @Test
  void shouldWaitAndReleaseWithoutTheRightToNotify() {
    server.failingToNotify("42501");
    HeldLock held = hold();
    waitInVain(session());

    held.close();

    assertThat(timing.sleeps()).hasSize(1);
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
    assertThat(events.events(LockListener.Lost.class)).isEmpty();
  }

  @Test
  void shouldReleaseThoughTheServerCannotTakeTheNotification() {
    HeldLock held = hold();
    server.failingToNotify("54000");

    held.close();

    assertThat(server.holders(KEY)).isEmpty();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
    assertThat(events.events(LockListener.Lost.class)).isEmpty();
  }

  @Test
  void shouldNotNotifyInATransactionOfSomebodyElse() throws Exception {
    waiter.autoCommit(false);
    FakeClient listener = server.connect();
    HeldLock held = acquire(LockSession.borrowed(waiter.connection(), "worker"));
    listener.backend().sharing(KEY.forWaiting());
    listener.backend().listening("advisory_lock_" + listener.backend().pid());
    waiter.work();

    held.close();

    assertThat(waiter.backend().isInTransaction()).isTrue();
    assertThat(listener.backend().takeNotifications()).isZero();
  }

  @Test
  void shouldEndTheWaitWhenItIsInterrupted() {
    hold();
    timing.duringSleep(() -> Thread.currentThread().interrupt());

    Duration before = timing.now();

    assertThatExceptionOfType(LockInterruptedException.class).isThrownBy(() -> acquire(session()));
    assertThat(timing.now().minus(before)).hasMillis(50);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(server.holders(KEY.forWaiting())).isEmpty();
  }

  @Test
  void shouldGoOnWithAnotherSessionIfTheOneThatListensEnds() {
    FakeClient next = server.connect().whileListening(timing::listen);
    AtomicReference<FakeClient> current = new AtomicReference<>(waiter);
    HeldLock held = hold();
    timing.duringSleep(
        () -> {
          if (current.getAndSet(next) == waiter) {
            waiter.close();
          } else {
            held.close();
          }
        });
    RetryPolicy moreTries =
        new RetryPolicy(
            RetryPolicy.NO_TIMEOUT, 9, Duration.ofMillis(1), Duration.ZERO, Duration.ofMillis(1));

    new AdvisoryLock(KEY, moreTries, events, timing)
        .acquire(
            LockSession.dedicated(() -> current.get().connection(), "waiter", FakeClient.NO_LEASE));

    assertThat(server.holders(KEY)).containsExactly(next.backend().pid());
  }

  @Test
  void shouldHaveTheServerPlanWhileThereIsTime() {
    HeldLock held = hold();
    timing.duringSleep(held::close);

    acquire(session());

    assertThat(waiter.preparedAtOnce())
        .anyMatch(sql -> sql.contains("pg_try_advisory_lock"))
        .anyMatch(sql -> sql.contains("pg_notify"));
    assertThat(holder.preparedAtOnce()).isEmpty();
  }

  @Test
  void shouldHaveTheServerPlanTheLookAtTheHolderOnlyOnce() {
    hold();

    waitInVain(session());

    assertThat(waiter.preparedAtOnce()).anyMatch(sql -> sql.contains("pg_get_userbyid"));
  }

  @Test
  void shouldHaveTheServerPlanTheReleaseOfALockThatIsHeldForLonger() {
    LockSession session = LockSession.dedicated(holder::connection, "holder", FakeClient.NO_LEASE);
    HeldLock held = acquire(session);

    assertThat(session.prepareRelease(KEY)).isEmpty();
    assertThat(session.prepareRelease(KEY)).isEmpty();

    assertThat(holder.preparedAtOnce()).singleElement().asString().contains("pg_notify");
    assertThat(server.holders(KEY)).as("it is not released by that").hasSize(1);
    held.close();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldReleaseAllTheSameIfThatFails() {
    LockSession session = LockSession.dedicated(holder::connection, "holder", FakeClient.NO_LEASE);
    HeldLock held = acquire(session);
    holder.failing("pg_notify", "53200");

    assertThat(session.prepareRelease(KEY)).isEmpty();
    held.close();

    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldSayWhatEndedTheSessionAlthoughTheServerSaysItOnlyOnce() {
    LockSession session = LockSession.dedicated(holder::connection, "holder", FakeClient.NO_LEASE);
    acquire(session);
    holder.backend().end();

    assertThat(session.prepareRelease(KEY)).get().asString().contains("57P01");
  }

  @Test
  void shouldHaveNothingToPrepareWhereNobodyCanBeWokenUp() {
    FakeClient pooled = server.connectThroughPooler();
    LockSession session = LockSession.dedicated(pooled::connection, "holder", FakeClient.NO_LEASE);
    HeldLock held = acquire(session);

    assertThat(session.prepareRelease(KEY)).isEmpty();

    assertThat(pooled.preparedAtOnce()).isEmpty();
    held.close();
  }

  @Nested
  class NotificationsOfSessionsThatHoldNothing {

    private static final int STRANGER = 66;
    private static final Duration FLOOD = Duration.ofSeconds(10);

    /** Twenty a second, and those before and after. */
    private static final long MOST_ATTEMPTS = 20 * FLOOD.toSeconds() + 5;

    /** Notifies the waiter every millisecond, and then does something. */
    private void flood(int sender, Runnable afterwards) {
      Duration end = timing.now().plus(FLOOD);
      waiter.whileListening(
          millis -> {
            timing.pass(Duration.ofMillis(1));
            waiter.backend().notifyBy(sender);
            if (timing.now().compareTo(end) >= 0) {
              afterwards.run();
            }
          });
    }

    private HeldLock acquireWithTwoAttempts() {
      return acquire(2);
    }

    private HeldLock acquire(int maxAttempts) {
      RetryPolicy onceAnHour =
          new RetryPolicy(
              RetryPolicy.NO_TIMEOUT,
              maxAttempts,
              Duration.ofHours(1),
              Duration.ZERO,
              Duration.ofHours(1));
      return new AdvisoryLock(KEY, onceAnHour, events, timing).acquire(session());
    }

    private long attempts() {
      return waiter.statements().stream()
          .filter(sql -> sql.contains("_try_advisory_lock("))
          .count();
    }

    @Test
    void shouldNotUseUpTheAttempts() {
      flood(STRANGER, hold()::close);

      acquireWithTwoAttempts();

      assertThat(events.events(LockListener.Acquired.class))
          .last()
          .returns(2, LockListener.Acquired::attempts);
    }

    @Test
    void shouldCauseFewAttempts() {
      flood(STRANGER, hold()::close);

      acquireWithTwoAttempts();

      assertThat(attempts()).isBetween(20L, MOST_ATTEMPTS);
    }

    @Test
    void shouldCauseFewAttemptsThoughTheSenderWasSeenHolding() {
      flood(holder.backend().pid(), hold()::close);

      acquire(3); // a holder is believed once

      assertThat(attempts()).isBetween(20L, MOST_ATTEMPTS);
    }

    @Test
    void shouldNotDelayTheAttemptAfterARelease() {
      HeldLock held = hold();
      AtomicReference<Duration> released = new AtomicReference<>();
      flood(
          STRANGER,
          () -> {
            if (released.compareAndSet(null, timing.now())) {
              held.close();
            }
          });

      acquireWithTwoAttempts();

      assertThat(timing.now().minus(released.get())).isLessThan(Duration.ofMillis(10));
    }

    @Test
    void shouldCauseAnImmediateAttemptTheFirstTime() { // the holder may have changed since
      HeldLock held = hold();
      timing.duringSleep(
          () -> {
            held.close();
            waiter.backend().takeNotifications();
            waiter.backend().notifyOnce();
          });
      Duration before = timing.now();

      acquireWithTwoAttempts();

      assertThat(timing.now().minus(before)).hasMillis(50);
    }
  }
}
