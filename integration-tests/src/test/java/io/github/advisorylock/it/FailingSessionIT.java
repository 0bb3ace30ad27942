package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wherever a session fails between the first and the last statement, nothing stays locked. */
class FailingSessionIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  private Connection connection;

  @BeforeEach
  void connect() throws SQLException {
    connection = stage.connect(true);
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  private LockSession session(boolean dedicated, Connection failing) {
    return dedicated
        ? LockSession.dedicated(() -> failing, LockStage.NAME)
        : LockStage.borrowed(failing);
  }

  static Stream<Arguments> failuresWhileAcquiring() {
    return Stream.of(true, false)
        .flatMap(
            dedicated ->
                Stream.of(
                    Arguments.of(
                        dedicated,
                        "the look at the session",
                        "pg_catalog.pg_is_in_recovery(),",
                        "1 / (random() * 0)::int = 1,"),
                    Arguments.of(
                        dedicated,
                        "the try",
                        "_lock(?)",
                        "_lock(?) and 1 / (random() * 0)::int = 1"),
                    Arguments.of(
                        dedicated,
                        "the look into pg_locks",
                        "t.granted and exists (",
                        "t.granted and 1 / (random() * 0)::int = 1 and exists ("),
                    Arguments.of(
                        dedicated,
                        "the settings",
                        "when t.granted then",
                        "when t.granted and 1 / (random() * 0)::int = 1 then")));
  }

  @ParameterizedTest(name = "dedicated {0}, {1}")
  @MethodSource("failuresWhileAcquiring")
  void shouldLeaveNothingLockedIfAStatementFails(
      boolean dedicated, String what, String expression, String replacement) {
    Connection failing = RewritingConnection.of(connection, expression, replacement);

    assertThatExceptionOfType(LockUnavailableException.class)
        .as(what)
        .isThrownBy(() -> stage.lock(LockStage.BUSY).acquire(session(dedicated, failing)))
        .withMessageContaining("22012");

    scene.probe().awaitUntil(() -> stage.isFree(LockStage.KEY), "nothing is locked");
  }

  @Test
  void shouldEndTheWaitIfTheTimeoutsCannotBeSet() throws SQLException {
    Connection failing =
        RewritingConnection.of(connection, "select true, ", "select 1 / (random() * 0)::int = 1, ");
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated())) {
      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(() -> stage.lock(LockStage.BUSY).acquire(session(true, failing)))
          .withMessageContaining("22012");
      held.verify();
    }
    assertThat(connection.isClosed()).isTrue();
  }

  private static UnaryOperator<String> failingAt(String expression) {
    return sql -> {
      if (sql.contains(expression)) {
        throw new IllegalStateException("from a pool's wrapper, on purpose");
      }
      return sql;
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldNotThrowAtTheReleaseWhateverTheWrapperDoes(boolean dedicated) {
    Connection failing = RewritingConnection.of(connection, failingAt("pg_advisory_unlock(?)"));
    HeldLock held = stage.lock(LockStage.ONCE).acquire(session(dedicated, failing));

    held.close();

    assertThat(stage.events().of(Lost.class))
        .singleElement()
        .extracting(Lost::reason)
        .asString()
        .contains("on purpose");
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndAConnectionThatLostTheLockWithoutSeeingTheDriver(boolean dedicated)
      throws SQLException {
    HeldLock held =
        stage
            .lock(LockStage.ONCE)
            .acquire(session(dedicated, RewritingConnection.opaque(connection)));
    execute("SELECT pg_advisory_unlock_all()");

    held.close();

    assertThat(stage.events().of(Lost.class)).hasSize(1);
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldRollBackATransactionThatWasBegunInSqlAndFailed() throws SQLException {
    HeldLock held = stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(connection));
    execute("BEGIN");
    assertThatThrownBy(() -> execute("SELECT 1 / 0")).isInstanceOf(SQLException.class);

    held.close();

    assertThat(stage.events().of(Lost.class)).isEmpty();
    assertThat(stage.isFree(LockStage.KEY)).isTrue();
    assertThat(connection.isValid(1)).isTrue();
    assertThat(connection.getClientInfo("ApplicationName")).doesNotContain("holds");
  }

  @Test
  void shouldRefuseATransactionThatWasBegunInSql() throws SQLException {
    execute("BEGIN");

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(connection)))
        .withMessageContaining("in the middle of a transaction");
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
