package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions that work under a lock that another session holds. */
class WorkTest {

  private static final LockKey KEY = LockKey.of(42);

  private final FakeServer server = new FakeServer();
  private final FakeClient lockSession = server.connect();
  private final FakeClient worker = server.connect();
  private final FakeLoan loan = worker.loan();
  private final Map<String, String> found = new LinkedHashMap<>(worker.backend().settings());
  private final RecordingListener events = new RecordingListener();
  private HeldLock held;

  @BeforeEach
  void acquire() {
    held =
        new AdvisoryLock(KEY, RetryPolicy.DEFAULT, events, new FakeTiming())
            .acquire(LockSession.dedicated(lockSession::connection, "test", FakeClient.NO_LEASE));
  }

  @Test
  void shouldSeeTheLockFromTheWorkingSession() {
    worker.autoCommit(false);

    assertThatCode(() -> held.verify(worker.connection())).doesNotThrowAnyException();

    assertThat(worker.backend().isInTransaction()).isFalse();
    assertThat(worker.getAutoCommit()).isFalse();
  }

  @Test
  void shouldNoticeFromTheWorkingSessionThatTheLockHasGone() {
    lockSession.backend().end();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.verify(worker.connection()))
        .withMessageContaining("terminating connection");
    assertThat(held.isLost()).isTrue();
    assertThat(events.events(LockListener.Lost.class)).hasSize(1);
  }

  @Test
  void shouldNoticeThatTheWorkIsDoneOnAnotherServer() {
    FakeClient elsewhere = new FakeServer().connect();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.verify(elsewhere.connection()))
        .withMessageContaining("different servers or databases");
  }

  @Test
  void shouldNotTakeASharedKeyForTheLock() throws SQLException {
    lockSession.backend().unlockAll();
    lockSession.backend().sharing(KEY);

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.verify(worker.connection()));
  }

  @Test
  void shouldWorkUntilTheEndOfTheTransaction() throws SQLException {
    worker.autoCommit(false);

    Work work = held.startWork(worker.connection());

    assertThat(work.endsWithTransaction()).isTrue();
    assertThat(worker.backend().holdsForTransaction(KEY.forWork())).isTrue();
    assertThat(worker.backend().settings())
        .containsEntry("client_connection_check_interval", "1s")
        .containsEntry("tcp_keepalives_idle", "5")
        .containsEntry("tcp_keepalives_interval", "2")
        .containsEntry("tcp_keepalives_count", "3");
    work.close();
    assertThat(server.holders(KEY.forWork())).containsExactly(worker.backend().pid());
    worker.commit();
    assertThat(server.holders(KEY.forWork())).isEmpty();
    assertThat(worker.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldWorkUntilItIsClosedOutsideATransaction() throws SQLException {
    Work work = held.startWork(worker.connection());

    assertThat(work.endsWithTransaction()).isFalse();
    assertThat(server.holders(KEY.forWork())).containsExactly(worker.backend().pid());
    assertThat(worker.backend().settings())
        .containsEntry("client_connection_check_interval", "1s")
        .containsEntry("tcp_keepalives_idle", "5")
        .containsEntry("tcp_keepalives_interval", "2")
        .containsEntry("tcp_keepalives_count", "3");
    work.close();
    assertThat(server.holders(KEY.forWork())).isEmpty();
    assertThat(worker.backend().settings()).isEqualTo(found);
    assertThat(worker.isClosed()).isFalse();
  }

  @Test
  void shouldWorkOverSeveralTransactions() throws SQLException {
    worker.autoCommit(false);

    Work work = held.startWorkOfSession(worker.connection());

    assertThat(worker.backend().isInTransaction()).isFalse();
    worker.work();
    worker.commit();
    assertThat(server.holders(KEY.forWork())).containsExactly(worker.backend().pid());
    work.close();
    assertThat(server.holders(KEY.forWork())).isEmpty();
    assertThat(worker.getAutoCommit()).isFalse();
  }

  @Test
  void shouldWorkWhereTheDriverCannotBeReached() throws SQLException {
    worker.hidingDriver().autoCommit(false);

    held.startWork(worker.connection());

    assertThat(worker.backend().holdsForTransaction(KEY.forWork())).isTrue();
    assertThatCode(() -> held.verifyInTransaction(worker.connection())).doesNotThrowAnyException();
  }

  @Test
  void shouldWorkNextToOthers() throws SQLException {
    FakeClient second = server.connect();

    held.startWork(worker.connection());
    held.startWork(second.connection());

    assertThat(server.holders(KEY.forWork()))
        .containsExactly(worker.backend().pid(), second.backend().pid());
  }

  @Test
  void shouldSetNothingThatTheServerCannotDo() throws SQLException {
    FakeServer windows = new FakeServer().version("PostgreSQL 18 on x86_64-windows");
    FakeClient there = windows.connect();
    HeldLock heldThere =
        new AdvisoryLock(KEY, RetryPolicy.DEFAULT, events)
            .acquire(
                LockSession.dedicated(windows.connect()::connection, "test", FakeClient.NO_LEASE));

    heldThere.startWork(there.connection());

    assertThat(there.backend().settings())
        .containsEntry("client_connection_check_interval", "0")
        .containsEntry("tcp_keepalives_idle", "5");
    assertThat(windows.holders(KEY.forWork())).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNotStartToWorkUnderALockThatIsLost(boolean autoCommit) {
    worker.autoCommit(autoCommit);
    lockSession.backend().end();

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.startWork(worker.connection()));

    worker.commit();
    assertThat(server.holders(KEY.forWork())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNotWorkWhereSomebodyWantsToBeAloneUnderTheWorkKey(boolean autoCommit) {
    worker.autoCommit(autoCommit);
    server.backend().holding(KEY.forWork());

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> held.startWork(worker.connection()))
        .withMessageContaining("42/work")
        .withMessageContaining("locked it for itself alone")
        .withMessageContaining("select a.* from pg_catalog.pg_stat_activity");
  }

  @Test
  void shouldEndOnce() throws SQLException {
    Work work = held.startWork(worker.connection());
    held.startWork(worker.connection());

    work.close();
    work.close();

    assertThat(server.holders(KEY.forWork())).as("the other work goes on").hasSize(1);
  }

  @Test
  void shouldEndTheSessionWhenTheEndOfTheWorkFails() throws SQLException {
    Work work = held.startWork(loan.connection());
    worker.failing("pg_advisory_unlock_shared", "53200");

    work.close();

    assertThat(worker.isClosed()).isTrue();
    assertThat(loan.hasNoticedTheEnd()).isTrue();
    assertThat(server.holders(KEY.forWork())).isEmpty();
  }

  static Stream<Throwable> whatIsNoAnswer() {
    return Stream.of(new IllegalStateException("on purpose"), new OutOfMemoryError("on purpose"));
  }

  @ParameterizedTest
  @MethodSource("whatIsNoAnswer")
  void shouldEndTheSessionWhenTheWorkCannotBeEnded(Throwable failure) throws SQLException {
    Work work = held.startWork(loan.connection());
    worker.failing("pg_advisory_unlock_shared", failure);

    work.close();

    assertThat(worker.isClosed()).isTrue();
  }

  @Test
  void shouldEndTheWorkOnAConnectionThatIsBackInItsPool() throws SQLException {
    Work work = held.startWork(loan.connection());
    loan.connection().close();

    work.close();

    assertThat(server.holders(KEY.forWork())).isEmpty();
    assertThat(worker.isClosed()).isFalse();
    assertThat(worker.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldNotMeddleWithTheTransactionOfAConnectionsNextOwner() throws SQLException {
    Work work = held.startWork(loan.connection());
    loan.connection().close();
    worker.autoCommit(false);

    work.close();

    assertThat(worker.isClosed()).isTrue();
    assertThat(server.holders(KEY.forWork())).isEmpty();
    assertThat(worker.statements()).noneMatch(sql -> sql.contains("unlock_shared"));
  }

  @Test
  void shouldHaveNothingToDoOnASessionThatHasEnded() throws SQLException {
    Work work = held.startWork(worker.connection());
    worker.close();
    int sent = worker.statements().size();

    assertThatCode(work::close).doesNotThrowAnyException();

    assertThat(worker.statements()).hasSize(sent);
  }

  @Test
  void shouldNotFailOnAConnectionThatCannotBeReached() throws SQLException {
    loan.hiding();
    Work work = held.startWork(loan.connection());
    loan.connection().close();

    assertThatCode(work::close).doesNotThrowAnyException();
  }

  @Test
  void shouldWorkInTheMiddleOfATransaction() throws SQLException {
    worker.autoCommit(false);
    worker.work();

    held.verify(worker.connection());
    held.startWork(worker.connection());

    assertThat(worker.backend().isInTransaction()).isTrue();
  }

  @Test
  void shouldNotMindThatAScriptHasUnlocked() throws SQLException {
    Work work = held.startWork(worker.connection());
    worker.backend().unlockAll();

    work.close();

    assertThat(worker.isClosed()).isFalse();
    assertThat(worker.backend().settings()).isEqualTo(found);
  }

  @Test
  void shouldStayLostWhateverTheServerShows() {
    lockSession.failing("exists", new IllegalStateException("pool closed"));
    assertThatExceptionOfType(LockLostException.class).isThrownBy(held::verify);

    assertThatExceptionOfType(LockLostException.class)
        .isThrownBy(() -> held.verify(worker.connection()));
  }
}
