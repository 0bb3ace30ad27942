package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lock on a connection that somebody else works on. */
class BorrowedSessionTest {

  private static final LockKey KEY = LockKey.of(42);

  private final FakeServer server = new FakeServer();
  private final FakeTiming timing = new FakeTiming();
  private final FakeClient client =
      server.connect().autoCommit(false).whileListening(timing::listen);
  private final Map<String, String> found = new LinkedHashMap<>(client.backend().settings());
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(LockSession session) {
    RetryPolicy twoTries = Tries.upTo(2, Duration.ofMillis(1));
    return new AdvisoryLock(KEY, twoTries, events, timing).acquire(session);
  }

  private LockSession session() {
    return LockSession.borrowed(client.connection(), "test");
  }

  private HeldLock acquire() {
    return acquire(session());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldHandTheConnectionBackInItsMode(boolean autoCommit) {
    client.autoCommit(autoCommit);

    acquire();

    assertThat(client.getAutoCommit()).isEqualTo(autoCommit);
    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(server.holders(KEY)).hasSize(1);
  }

  @Test
  void shouldLeaveNoTransactionOpenWhileItWaits() {
    server.backend().holding(KEY);
    AtomicBoolean open = new AtomicBoolean(true);
    timing.duringSleep(() -> open.set(client.backend().isInTransaction()));

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(open).isFalse();
    assertThat(client.getAutoCommit()).isFalse();
    assertThat(client.backend().settings()).isEqualTo(found);
    assertThat(client.isClosed()).isFalse();
  }

  @Test
  void shouldLetTheServerNoticeThatItsClientHasGone() {
    acquire();

    assertThat(client.backend().settings())
        .containsEntry("client_connection_check_interval", "1s")
        .containsEntry("tcp_keepalives_idle", "5")
        .containsEntry("statement_timeout", "1min")
        .containsEntry("idle_session_timeout", "10min");
  }

  @Test
  void shouldNotAskThatOfAServerThatCannot() {
    server.version("PostgreSQL 18.0 on x86_64-windows, compiled by msvc-19");

    acquire();

    assertThat(client.backend().settings())
        .containsEntry("client_connection_check_interval", "0")
        .containsEntry("tcp_keepalives_idle", "5");
  }

  @Test
  void shouldNeedNoHeartbeat() {
    LockSession session = session();

    acquire(session);

    assertThat(session.heartbeat()).isEmpty();
  }

  @Test
  void shouldLeaveEverythingAsItWas() {
    acquire().close();

    assertThat(client.backend().settings()).isEqualTo(found);
    assertThat(client.getAutoCommit()).isFalse();
    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(client.isClosed()).isFalse();
    assertThat(client.networkTimeout()).isEqualTo(7_000);
  }

  @Test
  void shouldLeaveWhatAScriptHasSet() throws SQLException {
    Map<String, String> ofScript = Map.of("application_name", "mine", "tcp_keepalives_idle", "77");
    HeldLock held = acquire();
    LockSql.set(client.connection(), ofScript);
    client.commit();

    held.close();

    Map<String, String> expected = new LinkedHashMap<>(found);
    expected.putAll(ofScript);
    assertThat(client.backend().settings()).isEqualTo(expected);
  }

  @Test
  void shouldLeaveSettingThatItHasNotChanged() throws SQLException {
    server.version("PostgreSQL 18.0 on x86_64-windows, compiled by msvc-19");
    HeldLock held = acquire();
    LockSql.set(client.connection(), Map.of("client_connection_check_interval", "7s"));
    client.commit();

    held.close();

    assertThat(client.backend().settings())
        .containsEntry("client_connection_check_interval", "7s")
        .containsEntry("application_name", found.get("application_name"));
  }

  @Test
  void shouldRestoreSettingsThatTransactionHasChangedLocally() throws SQLException {
    HeldLock held = acquire();
    client.work();
    LockSql.set(client.connection(), Map.of("application_name", "step 7"), Map.of());

    held.close();
    client.commit();

    assertThat(client.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldRestoreSettingsForRoleThatMayNotReadThem() {
    HeldLock held = acquire();
    server.revoking("current_setting");

    held.close();

    assertThat(client.backend().settings()).isEqualTo(found);
    assertThat(client.isClosed()).isFalse();
  }

  @Test
  void shouldLeaveATransactionOpenThatIsOpen() throws SQLException {
    HeldLock held = acquire();
    client.work();

    held.close();

    assertThat(client.backend().isInTransaction()).isTrue();
    assertThat(server.holders(KEY)).isEmpty();
    client.commit();
    assertThat(client.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldRollBackATransactionThatHasFailed() {
    HeldLock held = acquire();
    client.backend().begin();
    client.backend().fail();

    held.close();

    assertThat(client.isClosed()).isFalse();
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(client.backend().settings()).isEqualTo(found);
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldEndTheConnectionWhenTheUnlockIsNotConfirmed() {
    HeldLock held = acquire();
    client.failing("pg_advisory_unlock(?)", "53200");

    held.close();

    assertThat(client.isClosed()).isTrue();
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(events.events(LockListener.Lost.class)).hasSize(1);
  }

  @Test
  void shouldNotGiveAPoolALockedConnection() {
    FakeLoan loan = client.loan();
    HeldLock held = acquire(LockSession.borrowed(loan.connection(), "test"));
    try {
      loan.connection().close();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }

    held.close();

    assertThat(client.isClosed()).isTrue();
    assertThat(server.holders(KEY)).isEmpty();
  }

  @Test
  void shouldNotEndAConnectionThatNeverHadTheLock() {
    server.backend().holding(KEY);
    timing.duringSleep(() -> client.failing("select true, pg_catalog.set_config", "53200"));

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(client.isClosed()).isFalse();
  }

  @Test
  void shouldUnlockWhatATryMayHaveLocked() {
    client.losingTheAnswerTo("pg_try_advisory_lock(?)", "57014");

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(this::acquire);

    assertThat(server.holders(KEY)).isEmpty();
    assertThat(client.isClosed()).isFalse();
  }

  @Test
  void shouldNotEndAConnectionOnWhichATryFailed() {
    client.failing("pg_try_advisory_lock(?)", "57014");

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(this::acquire);

    assertThat(client.isClosed()).isFalse();
    assertThat(client.getAutoCommit()).isFalse();
    assertThat(client.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldEndAConnectionThatMayHaveTheLock() {
    client
        .losingTheAnswerTo("pg_try_advisory_lock(?)", "57014")
        .failing("pg_advisory_unlock(?)", "53200");

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(this::acquire);

    assertThat(client.isClosed()).isTrue();
  }

  @Test
  void shouldNotTryAgainOnAnotherConnection() {
    client.failing("pg_try_advisory_lock(?)", "57P01");

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(this::acquire);
  }

  @Test
  void shouldTakeTheUsersWordThatThePoolerKeepsTheSession() {
    FakeClient pinned = server.connectThroughSessionPooler();

    acquire(
        LockSession.borrowed(
            pinned.connection(), "test", new SessionPolicy(Pooling.SESSION, Duration.ZERO, true)));

    assertThat(server.holders(KEY)).containsExactly(pinned.backend().pid());
  }

  @Test
  void shouldFindOutInAFailedTransactionThatTheLockHasGone() {
    HeldLock held = acquire();
    client.backend().unlockAll();
    client.backend().begin();
    client.backend().fail();

    held.close();

    assertThat(events.events(LockListener.Lost.class)).hasSize(1);
    assertThat(client.isClosed()).isTrue();
  }

  @Test
  void shouldSayWhichSessionAPoolThatHidesItHasWithTheLock() throws SQLException {
    FakeLoan loan = client.loan().hiding();
    HeldLock held = acquire(LockSession.borrowed(loan.connection(), "test"));
    loan.connection().close();

    held.close();

    int pid = client.backend().pid();
    assertThat(server.holders(KEY)).containsExactly(pid);
    assertThat(events.events(LockListener.Lost.class))
        .singleElement()
        .extracting(LockListener.Lost::reason)
        .asString()
        .contains(
            "unless pid " + pid + " has ended",
            "select pg_catalog.pg_terminate_backend(" + pid + ")");
  }
}
