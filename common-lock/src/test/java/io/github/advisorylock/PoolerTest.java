package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A lock whose session each transaction may find on another backend. */
class PoolerTest {

  private static final LockKey KEY = LockKey.of(42);

  private final FakeServer server = new FakeServer();
  private final FakeClient client = server.connectThroughPooler();
  private final FakeLoan loan = client.loan();
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(LockSession session) {
    RetryPolicy twoTries =
        new RetryPolicy(
            RetryPolicy.NO_TIMEOUT, 2, Duration.ofMillis(1), Duration.ZERO, Duration.ofMillis(1));
    return new AdvisoryLock(KEY, twoTries, events, new FakeTiming()).acquire(session);
  }

  private LockSession session() {
    return session(FakeClient.NO_LEASE);
  }

  private LockSession session(SessionPolicy policy) {
    return LockSession.dedicated(loan::connection, "test", policy);
  }

  private HeldLock acquire() {
    return acquire(session());
  }

  @Test
  void shouldHoldTheLockInATransaction() {
    acquire();

    assertThat(client.backend().isInTransaction()).isTrue();
    assertThat(client.backend().holdsForTransaction(KEY)).isTrue();
    assertThat(server.holders(KEY)).containsExactly(client.backend().pid());
  }

  @Test
  void shouldKeepNoSnapshotWhileItHolds() {
    HeldLock held = acquire();
    assertThat(client.backend().hasSnapshot()).isFalse();
    int before = client.backend().snapshotsInTransaction();

    held.verify();

    assertThat(client.backend().snapshotsInTransaction()).isEqualTo(before);
    assertThat(client.backend().hasSavepoint()).isFalse();
  }

  @Test
  void shouldTakeTheLockWithItsTransactionWhenItIsReleased() {
    FakeBackend backend;
    Map<String, String> found = new LinkedHashMap<>(client.backend().settings());
    try (HeldLock held = acquire()) {
      held.verify();
      backend = client.backend();
    }

    assertThat(backend.isInTransaction()).isFalse();
    assertThat(backend.settings()).isEqualTo(found);
    assertThat(backend.hasEnded()).isFalse();
    assertThat(server.holders(KEY)).isEmpty();
    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldBeBoundByTheLeaseAndNothingElse() {
    HeldLock held = acquire(session(SessionPolicy.DEFAULT));

    assertThat(client.backend().settings())
        .containsEntry("idle_in_transaction_session_timeout", "30000")
        .containsEntry("statement_timeout", "0")
        .containsEntry("lock_timeout", "0")
        .containsEntry("transaction_timeout", "0")
        .hasEntrySatisfying("application_name", name -> assertThat(name).startsWith("test holds"));
    held.close();
  }

  @Test
  void shouldSetNothingThatOutlivesItsTransaction() {
    Map<String, String> found = new LinkedHashMap<>(client.backend().settings());
    acquire();

    client.backend().commit();

    assertThat(client.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldNotPrepareStatementsOnABackendThatItMayNotMeetAgain() {
    HeldLock held = acquire();
    assertThat(client.getPrepareThreshold()).isZero();

    held.close();

    assertThat(client.getPrepareThreshold()).isEqualTo(5);
  }

  @Test
  void shouldSayWhyTheServerEndedTheSession() {
    HeldLock held = acquire();
    client.failing("show", "25P03");

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("25P03");
  }

  @Test
  void shouldLeaveThePrepareThresholdOfAnEarlierConnectionAlone() {
    Iterator<FakeClient> sources = List.of(client, server.connect()).iterator();
    LockSession session =
        LockSession.dedicated(() -> sources.next().connection(), "test", FakeClient.NO_LEASE);
    acquire(session).close();
    client.setPrepareThreshold(3);

    acquire(session).close();

    assertThat(client.getPrepareThreshold()).isEqualTo(3);
  }

  @Test
  void shouldLeaveNoTransactionBetweenTries() {
    server.backend().holding(KEY);

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(client.statements()).doesNotContain("savepoint advisory_lock");
  }

  @Test
  void shouldNotPrepareTheLookAtTheHolderOnABackendThatItMayNotMeetAgain() {
    server.backend().holding(KEY);

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(client.statements()).anyMatch(sql -> sql.contains("pg_get_userbyid"));
    assertThat(client.preparedAtOnce()).isEmpty();
  }

  @Test
  void shouldNotNameABackendThatItMayNotMeetAgain() {
    server.backend().holding(KEY);

    assertThatExceptionOfType(LockTimeoutException.class).isThrownBy(this::acquire);

    assertThat(client.statements()).noneMatch(sql -> sql.contains("set_config"));
  }

  @Test
  void shouldNotLoseTheLockWhenALookFails() {
    LockSession session = session();
    acquire(session);
    client.failing("pg_stat_activity", "42501");

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> session.suspects("create table orders"))
        .withMessage("on purpose");

    assertThat(session.loss(KEY)).isEmpty();
    assertThat(client.backend().holdsForTransaction(KEY)).isTrue();
  }

  @Test
  void shouldSayWhyTheServerEndedTheSessionDuringALook() {
    LockSession session = session();
    acquire(session);
    client
        .failing("pg_stat_activity", "25P03")
        .failing("rollback to savepoint", "08003")
        .failing("release savepoint", "08003");

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> session.suspects("create table orders"))
        .returns("25P03", SQLException::getSQLState);
  }

  @Test
  void shouldNotTakeTheWordOfABackendThatHeldAnEarlierLock() {
    for (FakeBackend backend : server.backends().toList()) {
      backend.settings().put("advisory_lock.held", ""); // what such a setting is reset to
    }
    HeldLock held = acquire();
    client.backend().commit();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("no longer");
  }

  @Test
  void shouldNotTakeAnotherBackendsWordForItsTransaction() {
    HeldLock held = acquire();
    client.backend().commit(); // and the next statement comes to another backend

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(held::verify)
        .withMessageContaining("no longer");
  }

  @Test
  void shouldNotLoseTheLockWhenAnOrphanMayNotBeEnded() {
    server.protectingBackends();
    FakeBackend orphan = server.backend().sharing(KEY.forWork());

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("pid " + orphan.pid());
  }

  @Test
  void shouldFindOutThatItsTransactionHasGone() {
    HeldLock held = acquire();
    client.backend().rollback();

    held.close();

    assertThat(events.events(LockListener.Lost.class)).hasSize(1);
    assertThat(client.isClosed()).isTrue();
  }

  @Test
  void shouldTakeTheUsersWordThatTheSessionStays() {
    FakeClient pinned = server.connectThroughSessionPooler();

    acquire(
        LockSession.dedicated(
            pinned::connection, "test", new SessionPolicy(Pooling.SESSION, Duration.ZERO, true)));

    assertThat(server.holders(KEY)).containsExactly(pinned.backend().pid());
    assertThat(pinned.backend().isInTransaction()).isFalse();
  }

  @Test
  void shouldTakeTheUsersWordThatOnlyTransactionsStay() {
    FakeClient direct = server.connect();

    acquire(
        LockSession.dedicated(
            direct::connection,
            "test",
            new SessionPolicy(Pooling.TRANSACTION, Duration.ZERO, true)));

    assertThat(direct.backend().holdsForTransaction(KEY)).isTrue();
    assertThat(direct.backend().settings())
        .containsEntry("idle_in_transaction_session_timeout", "0");
  }

  @Test
  void shouldNotMindWhatAnotherClientLeftOnTheBackend() {
    client.backend().holding(KEY);

    acquire().close();

    assertThat(events.events(LockListener.Released.class)).hasSize(1);
  }

  @Test
  void shouldRefuseToLockOnSomebodyElsesConnection() {
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> acquire(LockSession.borrowed(loan.connection(), "test")))
        .withMessageContaining("pooling=session")
        .withMessageContaining("url, user and password");
  }

  @Nested
  class WhatTheUserSaysOfThePooler {

    private static final SessionPolicy KEPT =
        new SessionPolicy(Pooling.SESSION, Duration.ZERO, true);

    private HeldLock acquireThrough(FakePooler pooler) {
      return acquire(LockSession.dedicated(() -> pooler.connect().connection(), "test", KEPT));
    }

    @Test
    void shouldNotBeBelievedIfThePoolerKeepsSessionsOnlyForNamesWithoutSchema() {
      FakePooler pooler = new FakePooler(server, 3, FakePooler.UNQUALIFIED);

      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(() -> acquireThrough(pooler))
          .withMessageContaining("pooling=session")
          .withMessageContaining("url, user and password");

      assertThat(server.holders(KEY)).isEmpty();
      assertThat(pooler.backends())
          .noneMatch(FakeBackend::isInTransaction)
          .noneMatch(FakeBackend::holdsAny);
      assertThat(pooler.clients()).hasSize(2).allMatch(FakeClient::isClosed);
    }

    @Test
    void shouldBeBelievedIfThePoolerKeepsSessionsForOurStatements() {
      FakePooler pooler = new FakePooler(server, 3, FakePooler.ANY);

      HeldLock held = acquireThrough(pooler);

      assertThat(server.holders(KEY)).hasSize(1);
      assertThat(pooler.clients()).hasSize(2).filteredOn(FakeClient::isClosed).hasSize(1);
      held.close();
      assertThat(pooler.backends()).noneMatch(FakeBackend::holdsAny);
      assertThat(events.events(LockListener.Released.class)).hasSize(1);
    }

    @Test
    void shouldBeBelievedWhereNoOtherConnectionCanBeOpened() {
      FakeClient only = server.connectThroughSessionPooler();
      Iterator<FakeClient> sources = List.of(only).iterator();

      acquire(
          LockSession.dedicated(
              () -> {
                if (!sources.hasNext()) {
                  throw new SQLException("too many connections", "53300");
                }
                return sources.next().connection();
              },
              "test",
              KEPT));

      assertThat(server.holders(KEY)).containsExactly(only.backend().pid());
    }
  }
}
