package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who has to do with a lock. */
class LockStatusTest {

  private static final LockKey KEY = LockKey.named("shop");

  private final FakeServer server = new FakeServer();
  private final FakeClient client = server.connect().autoCommit(false);

  private LockStatus status() throws SQLException {
    return LockStatus.find(client.connection(), KEY);
  }

  private static List<Integer> pids(List<LockHolder> sessions) {
    return sessions.stream().map(session -> session.session().pid()).toList();
  }

  @Test
  void shouldBeFreeIfNobodyHasToDoWithIt() throws SQLException {
    server.backend().holding(LockKey.of(42));

    assertThat(status()).isEqualTo(new LockStatus(KEY, List.of(), List.of(), List.of()));
    assertThat(status().isFree()).isTrue();
  }

  @Test
  void shouldTellThoseWhoHoldFromThoseWhoWorkAndWait() throws SQLException {
    FakeBackend holder = server.backend().holding(KEY);
    FakeBackend worker = server.backend().sharing(KEY.forWork());
    FakeBackend waiter = server.backend().sharing(KEY.forWaiting());

    LockStatus status = status();

    assertThat(status.holders())
        .containsExactly(LockHolder.find(client.connection(), KEY).orElseThrow());
    assertThat(status.workers())
        .containsExactly(LockHolder.find(client.connection(), KEY.forWork()).orElseThrow());
    assertThat(pids(status.waiters())).containsExactly(waiter.pid());
    assertThat(pids(status.workers())).containsExactly(worker.pid());
    assertThat(pids(status.holders())).containsExactly(holder.pid());
    assertThat(status.isFree()).isFalse();
  }

  @Test
  void shouldSeeWhoOnlySaysThatItWaits() throws SQLException {
    FakeBackend waiter = server.backend().named("flyway waits for shop (web-1:33)");
    server.backend().named("flyway waits for shopping (web-1:34)");
    server.backend().named("shop");

    assertThat(pids(status().waiters())).containsExactly(waiter.pid());
    assertThat(status().isFree()).isTrue();
  }

  @Test
  void shouldCountWhoListensAndSaysSoOnce() throws SQLException {
    FakeBackend waiter =
        server.backend().sharing(KEY.forWaiting()).named("flyway waits for shop (web-1:33)");

    assertThat(pids(status().waiters())).containsExactly(waiter.pid());
  }

  @Test
  void shouldNotTakeWhoHasJustGotTheLockForAWaiter() throws SQLException {
    server.backend().holding(KEY).named("flyway waits for shop (web-1:33)");

    assertThat(status().waiters()).isEmpty();
    assertThat(status().holders()).hasSize(1);
  }

  @Test
  void shouldNotBeFreeWhileSomebodyStillWorks() throws SQLException {
    server.backend().sharing(KEY.forWork());

    assertThat(status().isFree()).isFalse();
  }

  @Test
  void shouldLeaveTheConnectionAsItWas() throws SQLException {
    status();

    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(client.getAutoCommit()).isFalse();
    assertThat(client.unclosed()).isZero();
  }

  @Test
  void shouldRefuseAStandby() {
    server.standby();

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::status)
        .withMessageContaining("read-only standby");
    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> LockStatus.findAll(client.connection()));
  }

  @Test
  void shouldRefuseAnotherDatabase() {
    server.version("CockroachDB CCL v25.1.0");

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::status)
        .withMessage("There are no advisory locks to be seen: the server is not PostgreSQL");
  }

  @Test
  void shouldFindTheLocksThatSessionsSayTheyHoldOrWaitFor() throws SQLException {
    FakeBackend holder = server.backend().holding(KEY).named("flyway holds shop (web-1:33)");
    FakeBackend waiter =
        server
            .backend()
            .sharing(LockKey.of(42).forWaiting())
            .named("flyway waits for 42 (web-1:34)");
    server.backend().holding(LockKey.of(43)).named("psql");

    List<LockStatus> all = LockStatus.findAll(client.connection());

    assertThat(all).extracting(LockStatus::key).containsExactly(KEY, LockKey.of(42));
    assertThat(all).extracting(status -> status.key().name()).containsExactly("shop", "42");
    assertThat(pids(all.get(0).holders())).containsExactly(holder.pid());
    assertThat(pids(all.get(1).waiters())).containsExactly(waiter.pid());
  }

  @Test
  void shouldFindALockThatIsHeldAndWaitedForOnce() throws SQLException {
    server.backend().holding(KEY).named("flyway holds shop (web-1:33)");
    server.backend().sharing(KEY.forWaiting()).named("flyway waits for shop (web-1:34)");

    assertThat(LockStatus.findAll(client.connection())).hasSize(1);
  }

  @Test
  void shouldNotGiveTwoKeysTheSameName() throws SQLException {
    server.backend().holding(KEY).holding(LockKey.of(99)).named("liquibase holds shop (web-1:33)");

    assertThat(LockStatus.findAll(client.connection()))
        .extracting(status -> status.key().name())
        .containsExactly("shop", "99");
  }

  @Test
  void shouldKeepANameThatStandsForItsKeyAlone() throws SQLException {
    LockKey ofSchema = KEY.within("app");
    server.backend().holding(ofSchema).named("flyway holds shop@app (web-1:33)");

    assertThat(LockStatus.findAll(client.connection()))
        .extracting(status -> status.key().toString())
        .containsExactly(ofSchema.toString());
  }
}
