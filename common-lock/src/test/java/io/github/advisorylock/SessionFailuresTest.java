package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What sessions do when a connection fails before anything reached the server. */
class SessionFailuresTest {

  private static final SQLException REFUSED = new SQLException("refused", "08001");

  private final RetryPolicy threeTries =
      new RetryPolicy(
          RetryPolicy.NO_TIMEOUT, 3, Duration.ofMillis(1), Duration.ZERO, Duration.ofMillis(1));
  private final AdvisoryLock lock =
      new AdvisoryLock(LockKey.of(42), threeTries, LockListener.NONE, new FakeTiming());

  @Test
  void shouldOpenAFreshConnectionForEachTryThatFailed() {
    List<FakeConnection> opened = new ArrayList<>();

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                lock.acquire(
                    LockSession.dedicated(
                        () -> {
                          opened.add(
                              FakeConnection.autoCommit(false).failingToSetAutoCommit(REFUSED));
                          return opened.get(opened.size() - 1).connection();
                        },
                        "test")));

    assertThat(opened)
        .hasSize(3)
        .allSatisfy(
            fake -> assertThat(fake.changes()).containsExactly("autoCommit=true", "closed"));
  }

  @Test
  void shouldCountARefusedConnectionAsAFailedTry() {
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                lock.acquire(
                    LockSession.dedicated(
                        () -> {
                          throw REFUSED;
                        },
                        "test")))
        .withMessageContaining("no attempt reached the lock (3 tries in ")
        .withCause(REFUSED);
  }

  @Test
  void shouldNotReplaceABorrowedConnection() {
    FakeConnection fake = FakeConnection.autoCommit(false).failingToSetAutoCommit(REFUSED);

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> lock.acquire(LockSession.borrowed(fake.connection(), "test")))
        .withCause(REFUSED);

    assertThat(fake.changes()).containsExactly("autoCommit=true");
  }

  @Test
  void shouldRefuseABorrowedConnectionInATransaction() {
    FakeConnection fake = FakeConnection.autoCommit(false).inTransaction();

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> lock.acquire(LockSession.borrowed(fake.connection(), "test")))
        .withMessageContaining("in the middle of a transaction")
        .withMessageContaining("Commit or roll back first");

    assertThat(fake.changes()).isEmpty();
  }

  @Test
  void shouldNotHideADriversBugBehindAnother() {
    IllegalStateException bug = new IllegalStateException("on purpose");

    assertThatThrownBy(
            () ->
                lock.acquire(
                    LockSession.dedicated(
                        () -> {
                          throw bug;
                        },
                        "test")))
        .isSameAs(bug);
  }
}
