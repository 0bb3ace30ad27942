package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Timeouts for what is done under the lock, and what is told when one of them ends it. */
class WorkTimeoutsTest {

  private static final LockKey KEY = LockKey.of(42);
  private static final WorkTimeouts BOTH =
      new WorkTimeouts(Duration.ofSeconds(3), Duration.ofSeconds(30));
  private static final String LOCKED_OUT = "55P03";
  private static final String CANCELED = "57014";
  private static final String TO_END =
      ". To end it, if it is stuck: select pg_catalog.pg_terminate_backend(";

  private final FakeServer server = new FakeServer();
  private final FakeClient lockSession = server.connect();
  private final FakeClient worker = server.connect();
  private final Map<String, String> found = new LinkedHashMap<>(worker.backend().settings());
  private final FakeBackend other =
      server.backend().showing("idle in transaction", Duration.ofMinutes(3)).locking("orders");
  private final FakeTiming timing = new FakeTiming();
  private final RecordingListener events = new RecordingListener();

  private HeldLock acquire(LockSession session) {
    return new AdvisoryLock(KEY, RetryPolicy.DEFAULT, events, timing).acquire(session);
  }

  private static SessionPolicy policy(WorkTimeouts timeouts) {
    return new SessionPolicy(Pooling.AUTO, Duration.ZERO, true, timeouts);
  }

  private HeldLock dedicated(WorkTimeouts timeouts) {
    return acquire(LockSession.dedicated(lockSession::connection, "test", policy(timeouts)));
  }

  private HeldLock borrowed(WorkTimeouts timeouts) {
    return acquire(LockSession.borrowed(worker.connection(), "test", policy(timeouts)));
  }

  private Map<String, String> settings() {
    return worker.backend().settings();
  }

  private void assertSet(String lockTimeout, String statementTimeout) {
    assertThat(settings())
        .containsEntry("lock_timeout", lockTimeout)
        .containsEntry("statement_timeout", statementTimeout);
  }

  @ParameterizedTest
  @CsvSource({"3000, 30000", "0, 0", "1, 2073600000"})
  void shouldBoundTheWork(String lock, String statement) throws SQLException {
    worker.autoCommit(false);

    dedicated(
            new WorkTimeouts(
                Duration.ofMillis(Long.parseLong(lock)),
                Duration.ofMillis(Long.parseLong(statement))))
        .startWork(worker.connection());

    assertSet(lock, statement);
    worker.commit();
    assertThat(settings()).isEqualTo(found);
  }

  @Test
  void shouldBoundTheWorkOfASessionUntilItEnds() throws SQLException {
    Work work = dedicated(BOTH).startWork(worker.connection());

    assertSet("3000", "30000");
    work.close();
    assertThat(settings()).isEqualTo(found);
  }

  @Test
  void shouldBoundTheWorkOnTheLocksSession() {
    worker.autoCommit(false);

    HeldLock held = borrowed(BOTH);

    assertSet("3000", "30000");
    held.close();
    assertThat(settings()).isEqualTo(found);
  }

  /** One that fails would cost the connection. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNotBoundTheReleaseOnTheSessionOfTheWork(boolean inTransaction) throws SQLException {
    worker.autoCommit(false);
    HeldLock held = borrowed(BOTH);
    if (inTransaction) {
      worker.work();
    }

    held.close();

    assertThat(worker.backend().settingsAtUnlock())
        .containsEntry("lock_timeout", "0")
        .containsEntry("statement_timeout", "0");
    worker.commit();
    assertThat(settings()).isEqualTo(found);
  }

  @Test
  void shouldNotBoundALockThatHasItsOwnSession() {
    dedicated(BOTH);

    assertThat(lockSession.backend().settings())
        .containsEntry("lock_timeout", "0")
        .containsEntry("statement_timeout", "0");
  }

  @Test
  void shouldLeaveAloneWhatIsNotSet() throws SQLException {
    HeldLock held = dedicated(new WorkTimeouts(null, Duration.ofSeconds(30)));

    held.startWork(worker.connection());

    assertSet(found.get("lock_timeout"), "30000");
    held.suspendTimeouts(worker.connection());
    assertSet(found.get("lock_timeout"), "0");
  }

  @Test
  void shouldSendNothingIfNothingIsSet() throws SQLException {
    HeldLock held = dedicated(WorkTimeouts.NONE);
    int sent = worker.statements().size();

    held.suspendTimeouts(worker.connection());
    worker.autoCommit(false);
    held.boundTransaction(worker.connection());

    assertThat(held.hasTimeoutsForWork()).isFalse();
    assertThat(worker.statements()).hasSize(sent);
  }

  @Test
  void shouldNotBoundWhatIsRecorded() throws SQLException {
    HeldLock held = dedicated(BOTH);
    Work work = held.startWork(worker.connection());

    held.suspendTimeouts(worker.connection());

    assertSet("0", "0");
    work.close();
    assertThat(settings()).isEqualTo(found);
  }

  @Test
  void shouldBoundTheWorkAgainAfterATransactionThatRecords() throws SQLException {
    worker.autoCommit(false);
    HeldLock held = borrowed(BOTH);
    worker.autoCommit(true);
    LockSql.set(worker.connection(), Map.of("lock_timeout", "77")); // the work itself
    worker.autoCommit(false);

    held.suspendTimeouts(worker.connection());

    assertSet("0", "0");
    worker.commit();
    assertSet("3000", "30000");
  }

  @Test
  void shouldBoundASingleTransaction() throws SQLException {
    HeldLock held = dedicated(BOTH);
    worker.autoCommit(false);

    held.boundTransaction(worker.connection());

    assertSet("3000", "30000");
    worker.commit();
    assertThat(settings()).isEqualTo(found);
  }

  @Test
  void shouldLeaveATransactionWhatItSetsItself() throws SQLException {
    HeldLock held = dedicated(BOTH);
    worker.autoCommit(false);
    held.boundTransaction(worker.connection());
    worker.connection().createStatement().execute("set local lock_timeout = 77");

    held.boundTransaction(worker.connection());

    assertSet("77", "30000");
    worker.commit();
    held.boundTransaction(worker.connection());
    assertSet("3000", "30000");
  }

  /** Behind a pooler the next transaction is another backend's, which does not have them. */
  @Test
  void shouldNotPrepareStatementsOfTransactionsOnABackend() throws SQLException {
    FakeClient pooled = server.connectThroughPooler().autoCommit(false);
    HeldLock held = dedicated(BOTH);

    for (int i = 0; i < 2 * pooled.getPrepareThreshold(); i++) {
      held.startWork(pooled.connection());
      held.boundTransaction(pooled.connection());
      held.verifyInTransaction(pooled.connection());
      pooled.commit();
    }

    assertThat(pooled.statements()).anyMatch(sql -> sql.contains("set_config"));
    assertThat(pooled.prepared()).isEmpty();
  }

  @Test
  void shouldNotBoundASessionThatIsInNoTransaction() throws SQLException {
    dedicated(BOTH).boundTransaction(worker.connection());

    assertThat(settings()).isEqualTo(found);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0.0001S", "PT-1S", "P24DT0.001S"})
  void shouldRefuseWhatTheServerCannotHold(Duration timeout) {
    assertThatIllegalArgumentException().isThrownBy(() -> new WorkTimeouts(timeout, null));
    assertThatIllegalArgumentException().isThrownBy(() -> new WorkTimeouts(null, timeout));
  }

  @ParameterizedTest
  @CsvSource({"3s, PT1S", "300ms, PT0.1S", "1ms, PT0.1S", "1h, PT20M"})
  void shouldLookMoreThanOnceInAWait(String timeout, Duration pause) {
    SettingReader reader = new SettingReader("tool.", name -> timeout);

    assertThat(new WorkTimeouts(reader.duration("x", Duration.ZERO), null).betweenLooks())
        .contains(pause);
  }

  /** Each look would find nothing, or keep an index from being created. */
  @Test
  void shouldNotLookWhereThatIsOfNoUse() {
    FakeClient pooled = server.connectThroughPooler();
    LockSession behindPooler = LockSession.dedicated(pooled::connection, "test", policy(BOTH));
    LockSession unbounded =
        LockSession.dedicated(
            server.connect()::connection,
            "test",
            policy(new WorkTimeouts(Duration.ZERO, Duration.ofSeconds(30))));
    LockSession working = LockSession.borrowed(server.connect().connection(), "test", policy(BOTH));

    for (LockSession session : new LockSession[] {behindPooler, unbounded, working}) {
      try (HeldLock held = acquire(session)) {
        assertThat(held.isLost()).isFalse();
        assertThat(session.betweenLooks()).isEmpty();
      }
    }
  }

  private BlockageWatch watch(LockSession session) {
    return new BlockageWatch(KEY, session, events, timing, reason -> {});
  }

  /** A lock's session, and one that works under it and waits for another. */
  private LockSession sessionOfBlockedWork() throws SQLException {
    LockSession session = LockSession.dedicated(lockSession::connection, "test", policy(BOTH));
    acquire(session).startWork(worker.connection());
    worker.backend().waitFor(other);
    return session;
  }

  @Test
  void shouldSeeWhoIsInTheWay() throws SQLException {
    watch(sessionOfBlockedWork()).look();

    assertThat(events.events(LockListener.Blocked.class))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.key()).isEqualTo(KEY);
              assertThat(event.pid()).isEqualTo(worker.backend().pid());
              assertThat(event.statement()).isEqualTo("select " + worker.backend().pid());
              assertThat(event.by())
                  .singleElement()
                  .asString()
                  .startsWith("pid " + other.pid() + " [app], user app, from 10.0.0.7")
                  .endsWith("idle in transaction for 3 min, last: select " + other.pid());
            });
  }

  @Test
  void shouldTellOfEachWaitOnce() throws SQLException {
    BlockageWatch watch = watch(sessionOfBlockedWork());
    watch.look();
    watch.look();
    worker.backend().waitFor();
    watch.look();
    worker.backend().waitFor(other);
    watch.look();
    worker.backend().waitFor(other, server.backend());
    watch.look();

    assertThat(events.events(LockListener.Blocked.class)).hasSize(3);
  }

  @Test
  void shouldSeeTheProcessIdsOfOtherRoles() throws SQLException {
    server.hidingBackends();

    watch(sessionOfBlockedWork()).look();

    assertThat(events.events(LockListener.Blocked.class))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.statement()).isNull();
              assertThat(event.by())
                  .singleElement()
                  .hasToString("pid %d [app]".formatted(other.pid()));
            });
  }

  @Test
  void shouldStopToLookWhereItMayNot() {
    FakeSession session =
        FakeSession.free().blockage(failing(new SQLException("permission denied", "42501")));

    assertThat(watch(session).look()).isTrue();
    assertThat(events.events()).isEmpty();
  }

  /** The server says that only once. */
  @Test
  void shouldKeepWhatTheServerSaysWhenItEndsTheSession() {
    AtomicReference<String> reason = new AtomicReference<>();
    FakeSession session =
        FakeSession.free()
            .lost("This connection has been closed")
            .blockage(failing(new SQLException("terminating connection", "57P01")));

    new BlockageWatch(KEY, session, events, timing, reason::set).look();

    assertThat(reason).hasValue("terminating connection [SQLSTATE 57P01]");
  }

  @Test
  @Timeout(30)
  void shouldLookAgainAndAgainUntilItIsToldToStop() throws InterruptedException {
    FakeSession session = FakeSession.free().betweenLooks(Duration.ofMillis(1));
    BlockageWatch watch = watch(session);
    watch.start();
    watch.start();

    assertThat(session.awaitThirdLook()).isTrue();

    watch.stop();
    assertThat(session.looksHaveEnded()).isTrue();
  }

  /** The threads that look, in whatever test. */
  private static Set<Thread> onlookers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("advisory-lock-blockages"))
        .collect(Collectors.toSet());
  }

  /** Work may start while the lock is being released. */
  @Test
  void shouldNotStartToLookAfterItWasToldToStop() {
    Set<Thread> before = onlookers();
    BlockageWatch watch = watch(FakeSession.free().betweenLooks(Duration.ofMinutes(1)));

    watch.stop();
    watch.start();

    assertThat(before).containsAll(onlookers());
  }

  private HeldLock heldBy(FakeSession session) {
    return acquire(session.timeouts(BOTH));
  }

  @Test
  void shouldNameWhoHoldsLocksOnWhatAFailedStatementNames() {
    FakeBackend elsewhere = server.backend().locking("customers");

    assertThat(
            dedicated(BOTH).explain(LOCKED_OUT, "alter table orders add note text").orElseThrow())
        .startsWith(
            "migrationLockTimeout is 3.0 s. Whom it waited for was not seen; locks on what it names"
                + " are held by pid "
                + other.pid())
        .contains("idle in transaction for 3 min, last: select " + other.pid())
        .endsWith(TO_END + other.pid() + ");")
        .doesNotContain("pid " + elsewhere.pid());
  }

  @Test
  void shouldLookOnTheSessionThatFailed() throws SQLException {
    worker.autoCommit(false);
    HeldLock held = borrowed(BOTH);
    worker.work();
    worker.backend().fail();

    String explanation = held.explain(LOCKED_OUT, "drop table orders").orElseThrow();

    assertThat(explanation).contains("are held by pid " + other.pid());
    assertThat(worker.backend().isInTransaction()).isFalse();
    assertThat(worker.getAutoCommit()).isFalse();
    assertSet("3000", "30000");
    assertThat(server.holders(KEY)).containsExactly(worker.backend().pid());
  }

  @Test
  void shouldNotEndATransactionThatGoesOn() throws SQLException {
    worker.autoCommit(false);
    HeldLock held = borrowed(BOTH);
    worker.work();

    assertThat(held.explain(LOCKED_OUT, "drop table orders")).isPresent();

    assertThat(worker.backend().isInTransaction()).isTrue();
  }

  @Test
  void shouldSayThatNobodyWasSeen() {
    assertThat(dedicated(BOTH).explain(LOCKED_OUT, "drop table nowhere"))
        .contains("migrationLockTimeout is 3.0 s. Whom it waited for was not seen");
  }

  @Test
  void shouldExplainWithoutALook() {
    FakeSession session =
        FakeSession.free().suspects(failing(new SQLException("permission denied", "42501")));

    assertThat(heldBy(session).explain(LOCKED_OUT, "drop table orders"))
        .contains("migrationLockTimeout is 3.0 s. Whom it waited for was not seen");
  }

  @Test
  void shouldNameWhoWasSeenDuringTheWait() throws SQLException {
    LockSession session = sessionOfBlockedWork();
    BlockageWatch watch = watch(session);
    watch.look();
    worker.backend().waitFor();
    watch.look();
    timing.pass(Duration.ofSeconds(3));

    assertThat(new TimeoutText(session, watch).explain(LOCKED_OUT, "").orElseThrow())
        .startsWith("migrationLockTimeout is 3.0 s. It waited for pid " + other.pid())
        .endsWith(TO_END + other.pid() + ");");
  }

  @Test
  void shouldForgetWhoWasInTheWayOfAnEarlierStatement() throws SQLException {
    LockSession session = sessionOfBlockedWork();
    BlockageWatch watch = watch(session);
    watch.look();
    timing.pass(Duration.ofMillis(3_001));

    assertThat(new TimeoutText(session, watch).explain(LOCKED_OUT, ""))
        .contains("migrationLockTimeout is 3.0 s. Whom it waited for was not seen");
  }

  @Test
  void shouldNameTheTimeoutThatCanceledAStatement() {
    assertThat(dedicated(BOTH).explain(CANCELED, "vacuum"))
        .contains(
            "migrationStatementTimeout is 30.0 s; if it took less, somebody has cancelled it");
  }

  @Test
  void shouldNameWhoWasInTheWayWhenAStatementWasCanceled() throws SQLException {
    LockSession session = sessionOfBlockedWork();
    BlockageWatch watch = watch(session);
    watch.look();
    timing.pass(Duration.ofSeconds(2));

    assertThat(new TimeoutText(session, watch).explain(CANCELED, "").orElseThrow())
        .contains("has cancelled it. In the end it waited for pid " + other.pid());
    timing.pass(Duration.ofMillis(1));
    assertThat(new TimeoutText(session, watch).explain(CANCELED, "").orElseThrow())
        .endsWith("has cancelled it");
  }

  @Test
  void shouldNameWhoWasInTheWayOfWorkThatFailedForWhateverReason() throws SQLException {
    LockSession session = sessionOfBlockedWork();
    BlockageWatch watch = watch(session);
    TimeoutText text = new TimeoutText(session, watch);
    assertThat(text.explainUnknown()).isEmpty();
    watch.look();
    timing.pass(Duration.ofSeconds(2));

    assertThat(text.explainUnknown().orElseThrow())
        .startsWith(
            "migrationLockTimeout is 3.0 s. A moment before, it waited for pid " + other.pid())
        .endsWith(TO_END + other.pid() + ");");
    timing.pass(Duration.ofMillis(1));
    assertThat(text.explainUnknown()).isEmpty();
  }

  @Test
  void shouldHaveNothingToSayOfUnknownFailuresWithoutATimeout() {
    assertThat(dedicated(WorkTimeouts.NONE).explainUnknown()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"55P03, PT0S, PT30S", "57014, PT3S, PT0S", "42P01, PT3S, PT30S"})
  void shouldHaveNothingToSayOfOtherFailures(String state, Duration lock, Duration statement) {
    assertThat(dedicated(new WorkTimeouts(lock, statement)).explain(state, "drop table orders"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {LOCKED_OUT, CANCELED})
  void shouldHaveNothingToSayWithoutTimeouts(String state) {
    assertThat(dedicated(WorkTimeouts.NONE).explain(state, "drop table orders")).isEmpty();
  }
}
