package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Looks at a server from a connection that has something else to do. */
class LooksTest {

  private static final LockKey KEY = LockKey.of(42);

  private final FakeServer server = new FakeServer();
  private final FakeClient client = server.connect().autoCommit(false);
  private final FakeTiming timing = new FakeTiming();

  private LockHolder holder() throws SQLException {
    return LockHolder.find(client.connection(), KEY).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "PostgreSQL 18.6 on x86_64-pc-linux-gnu, true",
    "CockroachDB CCL v25.1.0, false",
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu; Redshift 1.0.12103, false"
  })
  void shouldTellPostgresFromWhatSpeaksItsProtocol(String version, boolean expected)
      throws SQLException {
    server.version(version);

    assertThat(Endpoint.of(client.connection()))
        .returns(expected, Endpoint::postgreSql)
        .returns(true, Endpoint::direct);
    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(client.getAutoCommit()).isFalse();
  }

  @Test
  void shouldSeeAPooler() throws SQLException {
    assertThat(Endpoint.of(server.connectThroughPooler().connection()).direct()).isFalse();
  }

  @Test
  void shouldTakeWhatItCannotSeeForDirect() throws SQLException {
    FakeClient pooled = server.connectThroughPooler();

    assertThat(Endpoint.of(pooled.loan().hiding().connection()).direct()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, true, true",
    "AUTO, false, false",
    "SESSION, true, true",
    "SESSION, false, true",
    "TRANSACTION, true, false",
    "TRANSACTION, false, false"
  })
  void shouldBelieveTheUserRatherThanItsEyes(Pooling pooling, boolean direct, boolean expected) {
    assertThat(new Endpoint(true, direct).keepsSession(pooling)).isEqualTo(expected);
  }

  @Test
  void shouldSeeAllThatPostgresShowsOfAHolder() throws SQLException {
    FakeBackend backend = server.backend().holding(KEY);

    assertThat(holder())
        .isEqualTo(
            new LockHolder(
                KEY,
                new ServerSession(
                    backend.pid(),
                    "app",
                    "app",
                    "10.0.0.7",
                    FakeBackend.STARTED.plusSeconds(backend.pid()).toInstant(),
                    "idle",
                    Duration.ofMillis(2_500),
                    "select " + backend.pid())));
    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(client.unclosed()).isZero();
  }

  @Test
  void shouldSeeOnlyThePidAndTheNameOfAnotherRolesSession() throws SQLException {
    FakeBackend backend = server.hidingBackends().backend().holding(KEY);

    assertThat(holder())
        .isEqualTo(
            new LockHolder(
                KEY, new ServerSession(backend.pid(), "", "app", null, null, null, null, null)));
  }

  @Test
  void shouldNotTakeAClockThatGoesBackForTimeInAState() throws SQLException {
    server.backend().holding(KEY).showing("idle", Duration.ofSeconds(-1));

    assertThat(holder().session().stateFor()).isZero();
  }

  @Test
  void shouldSeeThatNobodyHoldsAKey() throws SQLException {
    server.backend().holding(LockKey.of(43));

    assertThat(LockHolder.find(client.connection(), KEY)).isEmpty();
  }

  @Test
  void shouldEndAHolder() throws SQLException {
    FakeBackend backend = server.backend().holding(KEY).showing("active", Duration.ofMinutes(1));

    assertThat(holder().terminate(client.connection())).isTrue();

    assertThat(backend.hasEnded()).isTrue();
  }

  @Test
  void shouldNotEndAHolderThatHasLetGo() throws SQLException {
    FakeBackend backend = server.backend().holding(KEY);
    LockHolder seen = holder();
    backend.unlockAll();

    assertThat(seen.terminate(client.connection())).isFalse();

    assertThat(backend.hasEnded()).isFalse();
  }

  @Test
  void shouldNotEndASessionThatItCannotTellFromALaterOne() throws SQLException {
    FakeBackend backend = server.hidingBackends().backend().holding(KEY);

    assertThat(holder().terminate(client.connection())).isFalse();

    assertThat(backend.hasEnded()).isFalse();
  }

  @Test
  void shouldNotHideThatARoleMayNotEndASession() {
    server.protectingBackends().backend().holding(KEY);

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> holder().terminate(client.connection()))
        .returns("42501", SQLException::getSQLState);
  }

  @ParameterizedTest
  @CsvSource({"idle, 1500, true", "idle in transaction, 1500, true", "idle, 900, false"})
  void shouldEndOnlyWhatHasBeenIdleForASecond(String state, long millis, boolean expected)
      throws SQLException {
    FakeBackend backend = server.backend().holding(KEY).showing(state, Duration.ofMillis(millis));

    assertThat(holder().terminateIfIdle(client.connection())).isEqualTo(expected);

    assertThat(backend.hasEnded()).isEqualTo(expected);
  }

  @Test
  void shouldWaitUntilAHolderHasLetGo() throws Exception {
    FakeBackend backend = server.backend().holding(KEY);
    LockHolder seen = holder();
    AtomicInteger sleeps = new AtomicInteger();
    timing.duringSleep(
        () -> {
          if (sleeps.incrementAndGet() == 3) {
            backend.end();
          }
        });

    assertThat(seen.awaitRelease(client.connection(), Duration.ofSeconds(1), timing)).isTrue();

    assertThat(sleeps).hasValue(3);
  }

  @Test
  void shouldNotWaitForEver() throws Exception {
    server.backend().holding(KEY);

    assertThat(holder().awaitRelease(client.connection(), Duration.ofMillis(100), timing))
        .isFalse();

    assertThat(timing.slept()).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void shouldNotWaitForTheNextHolder() throws Exception {
    FakeBackend first = server.backend().holding(KEY);
    LockHolder seen = holder();
    first.end();
    server.backend().holding(KEY);

    assertThat(seen.awaitRelease(client.connection(), Duration.ZERO)).isTrue();
  }

  @Test
  void shouldLookOnceWithoutTimeToWait() throws Exception {
    server.backend().holding(KEY);

    assertThat(holder().awaitRelease(client.connection(), Duration.ZERO)).isFalse();
  }

  @Test
  void shouldDropTheSnapshotOfAnOpenTransaction() throws SQLException {
    client.work();
    assertThat(client.backend().hasSnapshot()).isTrue();

    Snapshots.dropFrom(client.connection());

    assertThat(client.backend().hasSnapshot()).isFalse();
    assertThat(client.backend().isInTransaction()).isTrue();
  }

  @Test
  void shouldNotOpenATransactionToDropASnapshot() throws SQLException {
    Snapshots.dropFrom(client.connection());

    assertThat(client.backend().isInTransaction()).isFalse();
    assertThat(client.statements()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 42, -42, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldLookForTheKeyThatWasTaken(long value) throws SQLException {
    LockKey key = LockKey.of(value);

    assertThat(LockSql.tryAndConfirm(client.connection(), key, Map.of(), false).held()).isTrue();

    assertThat(LockSql.isHeldByThisSession(client.connection(), key)).isTrue();
    assertThat(server.holders(key)).containsExactly(client.backend().pid());
  }

  @Test
  void shouldFindEachSettingUnderItsName() throws SQLException {
    client.backend().named("mine").settings().put("lock_timeout", "7s");

    assertThat(
            LockSql.settings(
                client.connection(),
                new LinkedHashSet<>(List.of("lock_timeout", "application_name"))))
        .containsExactly(Map.entry("lock_timeout", "7s"), Map.entry("application_name", "mine"));
  }

  @Test
  void shouldFindNoValueOfASettingThatIsAsTheServerHasIt() throws SQLException {
    assertThat(LockSql.settings(client.connection(), Set.of("lock_timeout")))
        .containsEntry("lock_timeout", null);
  }
}
