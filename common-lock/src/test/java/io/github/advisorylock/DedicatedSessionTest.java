package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session of the lock's own, from its first statement to its last. */
class DedicatedSessionTest {

  private static final LockKey KEY = LockKey.of(-42);
  private static final Opening OPENING = new Opening(Duration.ofSeconds(10), () -> {});
  private static final Duration AN_HOUR = Duration.ofHours(1);

  private final FakeServer server = new FakeServer();
  private final FakeTiming timing = new FakeTiming();
  private final FakeClient client =
      server.connect().autoCommit(false).whileListening(timing::listen);
  private final FakeLoan loan = client.loan();
  private final Map<String, String> found = new LinkedHashMap<>(client.backend().settings());
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(LockSession session) {
    RetryPolicy threeTries =
        new RetryPolicy(
            RetryPolicy.NO_TIMEOUT, 3, Duration.ofMillis(1), Duration.ZERO, Duration.ofSeconds(1));
    return new AdvisoryLock(KEY, threeTries, events, timing).acquire(session);
  }

  private HeldLock acquire() {
    return acquire(session());
  }

  private LockSession session() {
    return session(FakeClient.NO_LEASE);
  }

  private LockSession session(SessionPolicy policy) {
    return LockSession.dedicated(loan::connection, "test", policy);
  }

  private LockUnavailableException refused() {
    AtomicReference<LockUnavailableException> refusal = new AtomicReference<>();
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::acquire)
        .satisfies(refusal::set);
    assertThat(server.holders(KEY)).doesNotContain(client.backend().pid());
    assertThat(loan.isGivenBack()).isTrue();
    return refusal.get();
  }

  @Test
  void shouldHoldTheLockUntilItIsClosed() {
    HeldLock held = acquire();

    assertThat(server.holders(KEY)).containsExactly(client.backend().pid());
    assertThat(client.getAutoCommit()).isTrue();
    held.verify();

    held.close();

    assertThat(server.holders(KEY)).isEmpty();
    assertThat(client.backend().hasEnded()).isFalse();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldBeFreeForAnotherLockAfterOneThatCannotBegin() {
    LockSession session = session();
    AdvisoryLock untold = new AdvisoryLock(KEY, RetryPolicy.DEFAULT, null, timing);
    assertThatNullPointerException().isThrownBy(() -> untold.acquire(session));

    acquire(session);

    assertThat(server.holders(KEY)).containsExactly(client.backend().pid());
  }

  @Test
  void shouldNotBeEndedByTheServerWhileItHolds() {
    acquire();

    assertThat(client.backend().settings())
        .containsEntry("statement_timeout", "0")
        .containsEntry("lock_timeout", "0")
        .containsEntry("idle_in_transaction_session_timeout", "0")
        .containsEntry("transaction_timeout", "0")
        .containsEntry("tcp_keepalives_idle", "5")
        .containsEntry("tcp_keepalives_interval", "2")
        .containsEntry("tcp_keepalives_count", "3")
        .containsEntry("tcp_user_timeout", "10000")
        .containsEntry("plan_cache_mode", "force_generic_plan");
  }

  @Test
  void shouldHoldNoLongerThanTheLeaseWhenItFallsSilent() {
    LockSession session = session(SessionPolicy.DEFAULT);

    HeldLock held = acquire(session);

    assertThat(client.backend().settings()).containsEntry("idle_session_timeout", "30000");
    assertThat(session.heartbeat()).hasValue(Duration.ofSeconds(10));
    assertThat(client.networkTimeout()).isEqualTo(30_000);
    held.close();
  }

  @Test
  void shouldBeSilentForAsLongAsItLikesWithoutALease() {
    LockSession session = session();

    acquire(session);

    assertThat(client.backend().settings()).containsEntry("idle_session_timeout", "0");
    assertThat(session.heartbeat()).isEmpty();
    assertThat(client.networkTimeout()).isEqualTo(7_000);
  }

  @Test
  void shouldBeAllowedToBeSilentForAPauseMoreWhileItWaits() throws SQLException {
    LockSession session = session(SessionPolicy.DEFAULT);

    session.open(KEY, OPENING);
    session.startWaiting(KEY, Duration.ofSeconds(5));

    assertThat(client.backend().settings())
        .containsEntry("idle_session_timeout", "35000")
        .containsEntry("statement_timeout", "0")
        .containsEntry("application_name", "app");
  }

  @Test
  void shouldNotBeEndedForItsSilenceWhileItWaitsWithoutALease() throws SQLException {
    LockSession session = session();

    session.open(KEY, OPENING);
    session.startWaiting(KEY, Duration.ofSeconds(5));

    assertThat(client.backend().settings()).containsEntry("idle_session_timeout", "0");
  }

  /** Taken without a heartbeat, which would ask for more. */
  @Test
  void shouldAskOnlyOnceBeforeItTries() throws SQLException {
    LockSession session = session(SessionPolicy.DEFAULT);

    session.open(KEY, OPENING);
    assertThat(session.tryLock(KEY)).isTrue();
    assertThat(session.orphan(KEY)).isNull();
    session.startHolding();

    assertThat(client.statements()).hasSize(2);
    assertThat(client.backend().settings())
        .containsEntry("idle_session_timeout", "30000")
        .containsEntry("statement_timeout", "0")
        .containsEntry("tcp_keepalives_idle", "5");
  }

  @Test
  void shouldSayThatItHolds() {
    acquire();

    assertThat(client.backend().settings().get("application_name")).startsWith("test holds -42 (");
  }

  @Test
  void shouldSayThatItWaits() {
    server.backend().holding(KEY);
    AtomicReference<String> name = new AtomicReference<>();
    timing.duringSleep(() -> name.set(client.backend().settings().get("application_name")));

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(name.get()).startsWith("test waits for -42 (");
  }

  private void waitForAMinuteInVain(ConnectionSource source) {
    RetryPolicy everySecond =
        new RetryPolicy(
            Duration.ofMinutes(1),
            RetryPolicy.UNLIMITED_ATTEMPTS,
            Duration.ofSeconds(1),
            Duration.ZERO,
            Duration.ofSeconds(1));
    AdvisoryLock lock = new AdvisoryLock(KEY, everySecond, events, timing);
    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> lock.acquire(LockSession.dedicated(source, "test")));
  }

  @Test
  void shouldSayThatItWaitsOnlyOnce() {
    server.backend().holding(KEY);

    waitForAMinuteInVain(loan::connection);

    assertThat(events.events(LockListener.Waiting.class)).hasSizeGreaterThan(3);
    assertThat(client.statements())
        .filteredOn(sql -> sql.equals("select true, pg_catalog.set_config(?, ?, false)"))
        .hasSize(1);
  }

  @Test
  void shouldSayAnewOnAFreshSessionThatItWaits() {
    server.backend().holding(KEY);
    FakeClient fresh = server.connect().whileListening(timing::listen);
    List<FakeClient> pool = new ArrayList<>(List.of(client, fresh));
    List<String> names = new ArrayList<>();
    timing.duringSleep(
        () -> {
          client.backend().end();
          names.add(fresh.backend().settings().get("application_name"));
        });

    waitForAMinuteInVain(() -> pool.remove(0).connection());

    assertThat(names).last().asString().startsWith("test waits for -42 (");
  }

  @Test
  void shouldSayWhoHoldsTheLock() {
    FakeBackend holder = server.backend().holding(KEY);

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::acquire)
        .satisfies(
            timeout ->
                assertThat(timeout.holder())
                    .hasValueSatisfying(
                        seen -> assertThat(seen.session().pid()).isEqualTo(holder.pid())));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLeaveEverythingAsItWas(boolean granted) {
    if (!granted) {
      server.backend().holding(KEY);
    }
    try {
      acquire().close();
    } catch (LockTimeoutException e) {
      assertThat(granted).isFalse();
    }

    assertThat(client.backend().settings()).isEqualTo(found);
    assertThat(client.getAutoCommit()).isFalse();
    assertThat(client.networkTimeout()).isEqualTo(7_000);
    assertThat(client.backend().hasEnded()).isFalse();
    assertThat(loan.isGivenBack()).isTrue();
    assertThat(client.unclosed()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"transaction_timeout", "idle_session_timeout", "client_connection_check_interval"})
  void shouldDoWithoutWhatAReleaseDoesNotHave(String setting) {
    server.without(setting);
    FakeClient older = server.connect();

    acquire(LockSession.dedicated(older::connection, "test", FakeClient.NO_LEASE));

    assertThat(older.backend().settings())
        .doesNotContainKey(setting)
        .containsEntry("statement_timeout", "0");
  }

  @Test
  void shouldDoWithoutANetworkTimeoutWhereTheDriverHasNone() {
    client.withoutNetworkTimeout();

    acquire().close();

    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PostgreSQL 16.0, compiled by Visual C++ build 1914, 64-bit",
        "PostgreSQL 18 on mingw32",
        "PostgreSQL 17.0 on x86_64-windows, compiled by msvc-19.41.34120, 64-bit",
        "PostgreSQL 14.9 on aarch64-apple-darwin22.6.0, compiled by Apple clang, 64-bit",
        "PostgreSQL 14.12 on amd64-portbld-freebsd14.0, compiled by clang, 64-bit",
        "PostgreSQL 16.3 on x86_64-pc-solaris2.11, compiled by gcc, 64-bit"
      })
  void shouldNotTellAServerThatCannotNoticeToLookForItsClients(String version) {
    server.version(version);
    LockSession session = session();

    acquire(session);

    assertThat(session.canCheckConnections()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PostgreSQL 14.20 on x86_64-pc-linux-musl, compiled by gcc, 64-bit",
        "PostgreSQL 18.6 (Debian 18.6-1.pgdg12+1) on aarch64-unknown-linux-gnu, compiled by gcc",
        "PostgreSQL 15.0 on aarch64-apple-darwin22.6.0, compiled by Apple clang, 64-bit",
        "PostgreSQL 18beta1 on amd64-portbld-freebsd14.0, compiled by clang, 64-bit"
      })
  void shouldKnowThatAServerCanLookForItsClients(String version) {
    server.version(version);
    LockSession session = session();

    acquire(session);

    assertThat(session.canCheckConnections()).isTrue();
  }

  @Test
  void shouldNotTellAServerThatCannotToLookForItsClients() {
    server.without("client_connection_check_interval");
    LockSession session =
        LockSession.dedicated(server.connect()::connection, "test", FakeClient.NO_LEASE);

    acquire(session);

    assertThat(session.canCheckConnections()).isFalse();
  }

  @Test
  void shouldRefuseAStandby() {
    server.standby();

    assertThat(refused()).hasMessageContaining("read-only standby");
  }

  @Test
  void shouldRefuseAServerThatOnlyPretends() {
    server.pretending();

    assertThat(refused()).hasMessageContaining("pg_locks does not show it");
  }

  @Test
  void shouldRefuseASessionThatHoldsTheKeyAlready() {
    client.backend().holding(KEY);

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("its session holds it already");
    assertThat(server.holders(KEY)).as("it is not ours to release").hasSize(1);
  }

  /** What a pool leaves open after it has set a connection up, and what looks like it. */
  @Nested
  class InATransaction {

    private final FakeClient another = server.connect();
    private final Deque<ConnectionSource> sources =
        new ArrayDeque<>(List.of(loan::connection, another.loan()::connection));

    private LockSession session() {
      return LockSession.dedicated(() -> sources.remove().open(), "test", FakeClient.NO_LEASE);
    }

    private void shouldRefuse() {
      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(() -> acquire(session()))
          .withMessageContaining("in the middle of a transaction");
      assertThat(client.backend().isInTransaction()).as("left to its owner").isTrue();
      assertThat(loan.isGivenBack()).isTrue();
    }

    private void begin(Duration ago, boolean writing) {
      client.backend().inTransactionFor(ago, writing);
    }

    @Test
    void shouldCommitItIfTheSourceHasBegunIt() throws SQLException {
      ConnectionSource pool =
          () -> {
            client.run("select pg_catalog.set_config(?, ?, false)", List.of("my.path", "app"));
            return loan.connection();
          };

      acquire(LockSession.dedicated(pool, "test", FakeClient.NO_LEASE)).close();

      assertThat(client.backend().settings()).as("what was set").containsEntry("my.path", "app");
      assertThat(loan.isGivenBack()).isTrue();
      assertThat(client.getAutoCommit()).isFalse();
    }

    @Test
    void shouldCommitItIfThePoolProvidesAnotherConnectionNext() {
      begin(AN_HOUR, false);

      acquire(session()).close();

      assertThat(events.events(LockListener.Released.class)).hasSize(1);
      assertThat(sources).as("the other connection was asked for and given back").isEmpty();
      assertThat(another.statements()).isEmpty();
    }

    @Test
    void shouldCommitItIfThePoolHasNoOtherConnection() {
      begin(AN_HOUR, false);
      sources.removeLast();
      sources.add(
          () -> {
            throw new SQLException("Connection is not available, request timed out");
          });

      acquire(session()).close();

      assertThat(events.events(LockListener.Released.class)).hasSize(1);
    }

    @Test
    void shouldRefuseItIfTheSourceProvidesTheSameConnectionAgain() {
      begin(AN_HOUR, false);
      sources.removeLast();
      sources.add(client.loan()::connection);

      shouldRefuse();
    }

    @Test
    void shouldRefuseItIfItCannotBeToldWhetherTheNextIsAnother() {
      begin(AN_HOUR, false);
      loan.hiding();

      shouldRefuse();
    }

    @Test
    void shouldRefuseItIfItHasWritten() {
      begin(Duration.ZERO, true);

      shouldRefuse();
    }

    @Test
    void shouldRefuseItIfItWasBegunInSql() {
      client.autoCommit(true);
      begin(Duration.ZERO, false);

      shouldRefuse();
    }

    @Test
    void shouldRefuseItUnharmedIfTheServerDoesNotAnswer() throws SQLException {
      begin(Duration.ZERO, false);
      client.failing("pg_current_xact_id_if_assigned", SqlStates.INSUFFICIENT_PRIVILEGE);

      shouldRefuse();

      client.work();
    }

    @Test
    void shouldTryAgainIfItsSessionHasEnded() {
      begin(Duration.ZERO, false);
      client.failing("pg_current_xact_id_if_assigned", "57P01");

      acquire(session()).close();

      assertThat(events.events(LockListener.Waiting.class)).hasSize(1);
      assertThat(events.events(LockListener.Released.class)).hasSize(1);
    }
  }

  @Test
  void shouldRefuseWhatIsNoConnection() {
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(LockSession.dedicated(() -> null, "test")))
        .withMessageContaining("gave null");
  }

  @Test
  void shouldRememberWhatTheServerSaysOnlyOnce() {
    LockSession session = session(FakeClient.NO_LEASE);
    HeldLock held = acquire(session);
    client.failing("pg_advisory_unlock(?)", "57P01");
    client.failing("exists", "08003");
    client.failing("exists", "08003");

    assertThat(session.prepareRelease(KEY)).contains("on purpose [SQLSTATE 57P01]");
    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("57P01");
  }

  @Test
  void shouldServeOneLockAtATime() {
    LockSession session = session();
    try (HeldLock first = acquire(session)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> acquire(session))
          .withMessageContaining("already waits for a lock or holds one");
      assertThat(server.holders(KEY)).as("the first lock").containsExactly(client.backend().pid());
      assertThatCode(first::verify).doesNotThrowAnyException();
    }

    assertThat(server.holders(KEY)).isEmpty();
  }

  @Test
  void shouldServeAnotherLockAfterAWaitInVain() {
    FakeBackend other = server.backend().holding(KEY);
    LockSession session = LockSession.dedicated(() -> client.loan().connection(), "test");
    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(() -> acquire(session));
    other.unlockAll();

    acquire(session);

    assertThat(server.holders(KEY)).containsExactly(client.backend().pid());
  }

  @Test
  void shouldNotTakeTheLockOfAnotherForOneThatWasReleased() {
    LockSession session =
        LockSession.dedicated(() -> client.loan().connection(), "test", FakeClient.NO_LEASE);
    HeldLock former = acquire(session);
    former.close();
    acquire(session);
    Connection working = server.connect().connection();

    assertThat(
            Stream.<ThrowingCallable>of(
                former::verify,
                () -> former.verify(working),
                () -> former.verifyInTransaction(working),
                () -> former.startWork(working),
                () -> former.startWorkOfSession(working)))
        .allSatisfy(
            use ->
                assertThatExceptionOfType(LockLostException.class)
                    .isThrownBy(use)
                    .withMessageContaining("it has been released"));
    assertThat(server.holders(KEY.forWork())).isEmpty();
  }

  @Test
  void shouldNotTryBeforeItIsOpen() {
    assertThatIllegalStateException().isThrownBy(() -> session().tryLock(KEY));
  }

  @Test
  void shouldOpenOnce() throws SQLException {
    LockSession session = session();
    session.open(KEY, OPENING);
    List<String> sent = List.copyOf(client.statements());

    session.open(KEY, OPENING);

    assertThat(client.statements()).isEqualTo(sent);
  }

  @Test
  void shouldReplaceASessionThatEndsWhileItWaits() {
    FakeClient fresh = server.connect();
    client.failing("pg_try_advisory_lock(?)", "57P01");
    List<FakeClient> pool = new ArrayList<>(List.of(client, fresh));

    acquire(LockSession.dedicated(() -> pool.remove(0).connection(), "test", FakeClient.NO_LEASE));

    assertThat(server.holders(KEY)).containsExactly(fresh.backend().pid());
    assertThat(client.backend().hasEnded()).isTrue();
  }

  @Test
  void shouldNotTryAgainWhatWouldFailAgain() {
    client.failing("pg_try_advisory_lock(?)", "42501");

    assertThat(refused()).hasMessageContaining("grant it what the server names");
    assertThat(client.backend().hasEnded()).isTrue();
  }

  @Test
  void shouldEndASessionThatMayHaveTheLockUnknown() {
    client.losingTheAnswerTo("pg_try_advisory_lock(?)", "42501");

    refused();

    assertThat(server.holders(KEY)).isEmpty();
    assertThat(client.backend().hasEnded()).isTrue();
  }

  @Test
  void shouldNoticeThatSomethingReleasedTheLock() {
    HeldLock held = acquire();
    client.backend().unlockAll();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("DISCARD ALL");
  }

  @Test
  void shouldSayWhatTheServerSaidWhenTheSessionEnded() {
    HeldLock held = acquire();
    client.backend().end();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("terminating connection due to administrator command");
  }

  @Test
  void shouldTakeABrokenWrapperForALoss() {
    HeldLock held = acquire();
    client.failing("exists", new IllegalStateException("pool closed"));

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("pool closed");
  }

  @Test
  void shouldNotCallALockThatWasReleasedLost() {
    LockSession session = session();
    HeldLock held = acquire(session);
    held.close();

    assertThat(session.loss(KEY)).isEmpty();
  }

  @Test
  void shouldNotCallALockThatWasNeverTakenLost() throws SQLException {
    LockSession session = session();
    session.open(KEY, OPENING);

    assertThat(session.loss(KEY)).isEmpty();
  }

  @Test
  void shouldEndTheSessionWhenTheLockWasNotHeldUntilTheEnd() {
    HeldLock held = acquire();
    client.backend().unlockAll();

    held.close();

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(loan.hasNoticedTheEnd()).as("the pool knows").isTrue();
    assertThat(loan.isGivenBack()).isTrue();
    assertThat(events.events(LockListener.Lost.class))
        .singleElement()
        .satisfies(lost -> assertThat(lost.reason()).contains("no longer held it"));
  }

  @Test
  void shouldEndTheSessionWhenTheUnlockFails() {
    HeldLock held = acquire();
    client.failing("pg_advisory_unlock(?)", "53200");

    held.close();

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(events.events(LockListener.Lost.class))
        .singleElement()
        .returns("on purpose [SQLSTATE 53200]", LockListener.Lost::reason);
  }

  static Stream<Throwable> whatIsNoAnswer() {
    return Stream.of(new IllegalStateException("on purpose"), new OutOfMemoryError("on purpose"));
  }

  @ParameterizedTest
  @MethodSource("whatIsNoAnswer")
  void shouldEndTheSessionWhenTheUnlockFails(Throwable failure) {
    HeldLock held = acquire(session(FakeClient.NO_LEASE));
    client.failing("pg_advisory_unlock(?)", failure);

    held.close();

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(loan.isGivenBack()).isTrue();
    assertThat(events.events(LockListener.Lost.class))
        .singleElement()
        .returns(failure.toString(), LockListener.Lost::reason);
  }

  @ParameterizedTest
  @MethodSource("whatIsNoAnswer")
  void shouldEndTheSessionWhenItCannotBeRestored(Throwable failure) {
    HeldLock held = acquire(session(FakeClient.NO_LEASE));
    client.failing("pg_catalog.set_config", failure);

    held.close();

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(loan.isGivenBack()).isTrue();
  }

  @Test
  void shouldEndThroughTheServerASessionThatThePoolHides() {
    loan.hiding();
    HeldLock held = acquire();
    client.failing("pg_advisory_unlock(?)", "53200");

    held.close();

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(client.statements()).anyMatch(sql -> sql.contains("pg_terminate_backend"));
  }

  @Test
  void shouldEndASessionOfItsOwnWhoseSettingsDoNotComeBack() {
    server.backend().holding(KEY);
    timing.duringSleep(() -> client.failing("select true, pg_catalog.set_config", "53200"));

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(client.backend().hasEnded()).isTrue();
    assertThat(events.events(LockListener.Lost.class)).isEmpty();
  }

  @Test
  void shouldForgetWhatItFoundOnAnEarlierConnection() {
    FakeClient other = server.connect();
    other.backend().settings().put("statement_timeout", "2min");
    List<FakeClient> pool = new ArrayList<>(List.of(client, other));
    LockSession session =
        LockSession.dedicated(
            () -> pool.remove(0).loan().connection(), "test", FakeClient.NO_LEASE);
    acquire(session).close();
    other.backend().settings().remove("transaction_timeout");

    acquire(session).close();

    assertThat(other.backend().hasEnded()).isFalse();
    assertThat(other.backend().settings()).containsEntry("statement_timeout", "2min");
  }

  @Test
  void shouldGiveBackNothingTwice() {
    LockSession session = session();
    acquire(session).close();
    List<String> sent = List.copyOf(client.statements());

    assertThat(session.giveBack(KEY)).isEmpty();
    assertThat(client.statements()).isEqualTo(sent);
  }

  @Test
  void shouldEndAnIdleOrphanAndGoOn() {
    FakeBackend orphan = server.backend().sharing(KEY.forWork());

    acquire();

    assertThat(orphan.hasEnded()).isTrue();
    assertThat(events.events(LockListener.Acquired.class))
        .singleElement()
        .returns(1, LockListener.Acquired::attempts);
  }

  @Test
  void shouldWaitForAnOrphanThatWorks() {
    FakeBackend orphan =
        server.backend().sharing(KEY.forWork()).showing("active", Duration.ofMinutes(1));

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("still works for a run that has lost it: pid " + orphan.pid())
        .withMessageContaining("active for 1 min");
    assertThat(orphan.hasEnded()).isFalse();
  }

  @Test
  void shouldGoOnWhenAnOrphanHasEnded() {
    FakeBackend orphan =
        server.backend().sharing(KEY.forWork()).showing("active", Duration.ofMinutes(1));
    timing.duringSleep(orphan::end);

    acquire();

    assertThat(server.holders(KEY)).containsExactly(client.backend().pid());
    assertThat(events.events(LockListener.Acquired.class))
        .singleElement()
        .returns(2, LockListener.Acquired::attempts);
  }

  @Test
  void shouldWaitForAnOrphanThatItMayNotEnd() {
    FakeBackend orphan = server.protectingBackends().backend().sharing(KEY.forWork());

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("pid " + orphan.pid());
  }

  @Test
  void shouldNameAnOrphanOfWhichOnlyThePidIsKnown() {
    FakeBackend orphan = server.backend().sharing(KEY.forWork());
    for (int i = 0; i < 3; i++) {
      client.failing("pg_get_userbyid", "42501");
    }

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::acquire)
        .satisfies(
            timeout ->
                assertThat(timeout.holder())
                    .hasValue(LockHolder.unseen(KEY.forWork(), orphan.pid())));
  }

  @Nested
  class WhatARoleMayNotExecute {

    @ParameterizedTest
    @ValueSource(strings = {"pg_try_advisory_lock", "pg_advisory_unlock"})
    void shouldBeNamedBeforeTheLockIsTaken(String function) {
      server.revoking(function);

      assertThat(refused())
          .hasMessageContaining("42501")
          .hasMessageEndingWith(
              "grant execute on function pg_catalog." + function + "(bigint) to it");

      assertThat(client.statements()).noneMatch(sql -> sql.contains("advisory_lock(?)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_is_in_recovery", "current_setting", "version"})
    void shouldBeDoneWithoutIfThatIsPossible(String function) {
      server.revoking(function);

      acquire().close();

      assertThat(events.events(LockListener.Released.class)).hasSize(1);
      assertThat(client.backend().hasEnded()).isFalse();
    }

    @Test
    void shouldNotMatterBehindAPoolerIfOnlySessionLevelLocksNeedIt() {
      server.revoking("pg_advisory_unlock");
      FakeClient pooled = server.connectThroughPooler();

      acquire(LockSession.dedicated(pooled::connection, "test", FakeClient.NO_LEASE));

      assertThat(pooled.backend().holdsForTransaction(KEY)).isTrue();
    }
  }

  @Nested
  class SeveralClientsOfOneSession {

    @Test
    void shouldBeRefusedByTheNameOfTheServer() {
      server.version("PostgreSQL 18.6 (PGlite 0.5.14) on wasm32-unknown-emscripten");

      assertThat(refused())
          .hasMessageContaining("one session")
          .hasMessageContaining("active=false");
    }

    @Test
    void shouldBeRefusedWhenTheSecondFindsTheLockOfTheFirst() {
      acquire();

      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(
              () ->
                  acquire(
                      LockSession.dedicated(
                          second().loan()::connection, "second", FakeClient.NO_LEASE)))
          .withMessageContaining("one session");

      assertThat(server.holders(KEY)).hasSize(1);
    }

    @Test
    void shouldBeRefusedWhenTheOtherOneIsToWorkUnderTheLock() {
      HeldLock held = acquire();

      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(() -> held.startWork(second().connection()))
          .withMessageContaining("one session");
    }

    private FakeClient second() {
      return new FakeClient(false, client.backend());
    }
  }
}
