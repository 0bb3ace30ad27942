package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.Endpoint;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockListener.Waiting;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** Where no lock can be relied upon, nobody is told that there is one, and nothing stays locked. */
@SuppressWarnings("try") // releasing before the end of the block is what is tested
class UnavailableLockIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  private LockUnavailableException refused(LockSession session) {
    return assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> stage.lock(LockStage.BUSY).acquire(session))
        .actual();
  }

  private LockSession dedicatedTo(ConnectionSettings connection) {
    return LockSession.dedicated(connection, LockStage.NAME);
  }

  @Test
  void shouldTellADedicatedSessionThatItMayNotReadPgLocks() {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");
    Login login = scene.database().createLogin();

    assertThat(refused(stage.dedicated(login)))
        .hasMessageContaining("42501")
        .hasMessageContaining("grant select on pg_catalog.pg_locks");

    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldTellABorrowedSessionThatItMayNotReadPgLocks(boolean autoCommit) throws SQLException {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");
    Login login = scene.database().createLogin();
    try (Connection connection =
        scene.database().dataSource().getConnection(login.user(), login.password())) {
      connection.setAutoCommit(autoCommit);

      assertThat(refused(LockStage.borrowed(connection)))
          .hasMessageContaining("grant select on pg_catalog.pg_locks");

      assertThat(scene.probe().advisoryLocks()).isEmpty();
      assertThat(connection.getAutoCommit()).isEqualTo(autoCommit);
      assertThat(connection.unwrap(BaseConnection.class).getTransactionState())
          .isEqualTo(TransactionState.IDLE);
      assertThat(connection.isValid(1)).isTrue();
    }
  }

  @Test
  void shouldWaitWithoutSeeingTheHolder() {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC");
    Login login = scene.database().createLogin();
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated());
        Waiter waiter = Waiter.start(stage.lock(LockStage.BUSY), stage.dedicated(login))) {
      stage.awaitWaiting();
      assertThat(stage.events().of(Waiting.class))
          .singleElement()
          .returns(null, Waiting::holder)
          .returns(null, Waiting::failure);

      held.close();

      waiter.held().close();
    }
  }

  @Test
  void shouldRefuseAServerThatOnlyPretends() {
    assertThat(
            refused(
                LockSession.dedicated(
                    () -> pretending(scene.database().dataSource().getConnection()),
                    LockStage.NAME)))
        .hasMessageContaining("pg_locks does not show it");

    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldRefuseABorrowedConnectionToAServerThatOnlyPretends() throws SQLException {
    try (Connection connection = stage.connect(false)) {
      assertThat(refused(LockStage.borrowed(pretending(connection))))
          .hasMessageContaining("pg_locks does not show it");
      assertThat(stage.isFree(LockStage.KEY)).isTrue();
    }
  }

  /** As CockroachDB does. */
  private static Connection pretending(Connection connection) {
    return RewritingConnection.of(
        connection, "pg_catalog.pg_try_advisory_lock(?)", "?::bigint is not null");
  }

  @Test
  void shouldRefuseAStandby() {
    assertThat(
            refused(
                LockSession.dedicated(
                    () ->
                        RewritingConnection.of(
                            scene.database().dataSource().getConnection(),
                            "pg_catalog.pg_is_in_recovery()",
                            "true"),
                    LockStage.NAME)))
        .hasMessageContaining("read-only standby");

    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldKnowPostgreSqlByItsName() throws SQLException {
    try (Connection connection = stage.connect(false)) {
      assertThat(Endpoint.of(connection).postgreSql()).isTrue();
      assertThat(connection.unwrap(BaseConnection.class).getTransactionState())
          .isEqualTo(TransactionState.IDLE);
      assertThat(connection.getAutoCommit()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)'::text",
        "'PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.12103'::text"
      })
  void shouldKnowLookAlikesByTheirNames(String version) throws SQLException {
    try (Connection connection = stage.connect(false)) {
      assertThat(
              Endpoint.of(RewritingConnection.of(connection, "pg_catalog.version()", version))
                  .postgreSql())
          .isFalse();
    }
  }

  @Test
  void shouldConnectWithSettingsOfItsOwn() {
    stage
        .lock(LockStage.ONCE)
        .acquire(
            dedicatedTo(
                new ConnectionSettings(
                    scene.database().url(), scene.database().user(), scene.database().password())))
        .close();

    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldSayAtOnceThatThePasswordIsWrong() {
    assertThat(
            refused(
                dedicatedTo(
                    new ConnectionSettings(
                        scene.database().url(), scene.database().user(), "not-the-password"))))
        .hasMessageContaining("28P01")
        .hasMessageNotContaining("not-the-password");
    assertThat(stage.events().of(Waiting.class)).isEmpty();
  }

  @Test
  void shouldSayAtOnceThatThereIsNoSuchDatabase() {
    assertThat(
            refused(
                dedicatedTo(
                    new ConnectionSettings(
                        scene.database().url() + "_not",
                        scene.database().user(),
                        scene.database().password()))))
        .hasMessageContaining("3D000");
  }

  @Test
  void shouldTryAgainWhenNobodyListens() {
    ConnectionSettings nobody = new ConnectionSettings("jdbc:postgresql://localhost:1/x", "x", "x");

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                stage
                    .lock(LockStage.policy(Duration.ofMillis(200), Duration.ofMillis(20)))
                    .acquire(dedicatedTo(nobody)))
        .withMessageContaining("no attempt reached the lock")
        .withMessageContaining("08001")
        .withMessageMatching("(?s).*\\(\\d+ tries in .*");
    assertThat(stage.events().of(Waiting.class))
        .singleElement()
        .extracting(Waiting::failure)
        .isInstanceOf(SQLException.class);
  }

  @Test
  void shouldTryAgainWhileThereAreTooManyConnections() {
    scene
        .database()
        .execute("ALTER DATABASE %s CONNECTION LIMIT 2".formatted(scene.database().name()));
    Login login = scene.database().createLogin();
    try (Connection taken = scene.database().connect(login);
        Waiter waiter = Waiter.start(stage.lock(LockStage.BUSY), stage.dedicated(login))) {
      scene
          .probe()
          .awaitUntil(
              () ->
                  stage.events().of(Waiting.class).stream()
                      .anyMatch(waiting -> "53300".equals(waiting.failure().getSQLState())),
              "the waiter cannot connect");

      taken.close();
      scene
          .database()
          .execute("ALTER DATABASE %s CONNECTION LIMIT -1".formatted(scene.database().name()));

      waiter.held().close();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
