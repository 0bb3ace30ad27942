package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockInterruptedException;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockTimeoutException;
import io.github.advisorylock.LockUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** A connection that somebody else works on is left as it was found. */
class BorrowedSessionIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  private Connection connection;

  @BeforeEach
  void connect() throws SQLException {
    scene.database().execute("CREATE TABLE orders (id int)");
    connection = stage.connect(false);
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  private HeldLock acquire() {
    return stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(connection));
  }

  private HeldLock heldByOther() {
    return stage.lock(LockStage.ONCE).acquire(stage.dedicated());
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static TransactionState transactionOf(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getTransactionState();
  }

  /** All that can be known of a connection. */
  private record Look(
      boolean autoCommit,
      boolean readOnly,
      int isolation,
      String clientName,
      TransactionState transaction,
      boolean closed,
      Map<String, String> settings) {

    static Look at(Connection connection) throws SQLException {
      boolean autoCommit = connection.getAutoCommit();
      TransactionState before = transactionOf(connection);
      connection.setAutoCommit(true);
      Look look =
          new Look(
              autoCommit,
              connection.isReadOnly(),
              connection.getTransactionIsolation(),
              connection.getClientInfo("ApplicationName"),
              before,
              connection.isClosed(),
              LockStage.settings(connection));
      connection.setAutoCommit(autoCommit);
      return look;
    }
  }

  private Look prepare(boolean autoCommit, boolean readOnly, int isolation) throws SQLException {
    connection.setAutoCommit(true);
    execute("SET application_name = 'the owner''s name'");
    execute("SET statement_timeout = '12345ms'");
    execute("SET search_path = 'pg_catalog'");
    connection.setTransactionIsolation(isolation);
    connection.setReadOnly(readOnly);
    connection.setAutoCommit(autoCommit);
    return Look.at(connection);
  }

  @ParameterizedTest
  @CsvSource({
    "true, false, 2",
    "false, false, 2",
    "true, true, 2",
    "false, true, 8",
    "false, false, 8",
    "true, false, 4"
  })
  void shouldLeaveEverythingAsFoundAfterHolding(boolean autoCommit, boolean readOnly, int isolation)
      throws SQLException {
    Look before = prepare(autoCommit, readOnly, isolation);

    acquire().close();

    assertThat(Look.at(connection)).isEqualTo(before);
    assertThat(stage.isFree(LockStage.KEY)).isTrue();
  }

  private static final Set<String> CHANGED =
      Set.of(
          "application_name",
          "client_connection_check_interval",
          "tcp_keepalives_count",
          "tcp_user_timeout",
          "tcp_keepalives_idle",
          "tcp_keepalives_interval");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldChangeOnlyWhatItSaysWhileHolding(boolean autoCommit) throws SQLException {
    Look before = prepare(autoCommit, false, Connection.TRANSACTION_REPEATABLE_READ);

    try (HeldLock held = acquire()) {
      Look holding = Look.at(connection);

      assertThat(holding.clientName()).startsWith("it holds stage (");
      assertThat(holding)
          .usingRecursiveComparison()
          .ignoringFields("clientName", "settings")
          .isEqualTo(before);
      assertThat(holding.settings().get("tcp_keepalives_idle")).startsWith("5,");
      assertThat(holding.settings().get("tcp_keepalives_interval")).startsWith("2,");
      assertThat(holding.settings().get("tcp_keepalives_count")).startsWith("3,");
      assertThat(holding.settings().get("tcp_user_timeout")).startsWith("10000,");
      assertThat(holding.settings().get("client_connection_check_interval")).startsWith("1000,");
      holding.settings().keySet().removeAll(CHANGED);
      assertThat(before.settings()).containsAllEntriesOf(holding.settings());
      assertThat(held).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLeaveEverythingAsFoundAfterATimeout(boolean autoCommit) throws SQLException {
    Look before = prepare(autoCommit, false, Connection.TRANSACTION_READ_COMMITTED);
    try (HeldLock other = heldByOther()) {
      assertThatExceptionOfType(LockTimeoutException.class)
          .isThrownBy(
              () ->
                  stage
                      .lock(
                          LockStage.policy(
                              java.time.Duration.ofMillis(20), java.time.Duration.ofMillis(5)))
                      .acquire(LockStage.borrowed(connection)));

      assertThat(Look.at(connection)).isEqualTo(before);
      assertThat(scene.probe().holders(other.key().value())).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldLeaveEverythingAsFoundWhenInterrupted(boolean autoCommit) throws SQLException {
    Look before = prepare(autoCommit, false, Connection.TRANSACTION_READ_COMMITTED);
    try (HeldLock other = heldByOther();
        Waiter waiter =
            Waiter.start(stage.lock(LockStage.ASLEEP), LockStage.borrowed(connection))) {
      stage.awaitWaiting();

      waiter.interrupt();

      assertThat(waiter.failure()).isInstanceOf(LockInterruptedException.class);
      assertThat(waiter.interruptedAtEnd()).isTrue();
      assertThat(Look.at(connection)).isEqualTo(before);
      assertThat(other).isNotNull();
    }
  }

  @Test
  void shouldRefuseAConnectionInTheMiddleOfATransaction() throws SQLException {
    execute("INSERT INTO orders VALUES (1)");

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("in the middle of a transaction");

    assertThat(transactionOf(connection)).isEqualTo(TransactionState.OPEN);
    execute("INSERT INTO orders VALUES (2)");
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isZero();
    connection.commit();
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isEqualTo(2);
    assertThat(stage.isFree(LockStage.KEY)).isTrue();
  }

  @Test
  void shouldRefuseAConnectionInAFailedTransaction() {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> execute("SELECT 1 / 0"))
        .isInstanceOf(SQLException.class);

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(this::acquire);
  }

  @Test
  void shouldLeaveAnOpenTransactionOpenAtTheRelease() throws SQLException {
    HeldLock held = acquire();
    execute("INSERT INTO orders VALUES (1)");

    held.close();

    assertThat(transactionOf(connection)).isEqualTo(TransactionState.OPEN);
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isZero();
    assertThat(stage.isFree(LockStage.KEY)).isTrue();
    connection.commit();
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isEqualTo(1);
  }

  @Test
  void shouldRollBackAFailedTransactionAtTheRelease() throws SQLException {
    Look before = prepare(false, false, Connection.TRANSACTION_READ_COMMITTED);
    HeldLock held = acquire();
    execute("INSERT INTO public.orders VALUES (1)");
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> execute("SELECT 1 / 0"))
        .isInstanceOf(SQLException.class);

    held.close();

    assertThat(transactionOf(connection)).isEqualTo(TransactionState.IDLE);
    connection.rollback();
    assertThat(Look.at(connection)).isEqualTo(before);
    assertThat(stage.isFree(LockStage.KEY)).isTrue();
    assertThat(stage.events().of(Released.class)).hasSize(1);
    assertThat(scene.database().count("SELECT count(*) FROM orders")).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT pg_advisory_unlock_all()",
        "DISCARD ALL",
        "SELECT pg_advisory_unlock(l.classid::bigint << 32 | l.objid::bigint) FROM pg_locks l WHERE"
            + " locktype = 'advisory' AND pid = pg_backend_pid()"
      })
  void shouldTellThatTheLockWasLostAndEndTheConnection(String sql) throws SQLException {
    connection.setAutoCommit(true);
    HeldLock held = acquire();
    execute(sql);

    held.close();

    assertThat(stage.events().of(Lost.class))
        .singleElement()
        .extracting(Lost::reason)
        .asString()
        .contains("no longer held it");
    assertThat(stage.events().of(Released.class)).isEmpty();
    assertThat(connection.isClosed()).isTrue();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldTellThatTheLockWasLostWithItsSession() throws SQLException {
    HeldLock held = acquire();
    scene.database().count("SELECT pg_terminate_backend(" + stage.awaitHolding().pid() + ")::int");
    scene.probe().awaitNothingLeft();

    held.close();

    assertThat(stage.events().of(Lost.class)).hasSize(1);
    assertThat(connection.isClosed()).isTrue();
  }

  @Test
  void shouldTellThatTheLockWasLostWithAClosedConnection() throws SQLException {
    HeldLock held = acquire();
    connection.close();

    held.close();

    assertThat(stage.events().of(Lost.class)).hasSize(1);
    scene.probe().awaitNothingLeft();
  }

  private HikariDataSource poolOfOne() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(1);
    return new HikariDataSource(config);
  }

  @Test
  void shouldNotLeaveTheLockInAPoolThatGotTheConnectionBackTooEarly() throws SQLException {
    try (HikariDataSource pool = poolOfOne()) {
      HeldLock held;
      try (Connection pooled = pool.getConnection()) {
        held = stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(pooled));
      }
      assertThat(stage.isFree(LockStage.KEY)).isFalse();

      held.close();

      assertThat(stage.events().of(Lost.class)).hasSize(1);
      scene.probe().awaitUntil(() -> stage.isFree(LockStage.KEY), "nothing is locked");
    }
  }

  @Test
  void shouldSayWhoHasTheLockInAPoolThatHidesItsConnections() throws SQLException {
    try (HikariDataSource pool = poolOfOne()) {
      HeldLock held;
      try (Connection pooled = pool.getConnection()) {
        held =
            stage
                .lock(LockStage.ONCE)
                .acquire(LockStage.borrowed(RewritingConnection.opaque(pooled)));
      }
      int pid = scene.probe().holders(LockStage.KEY.value()).get(0).pid();

      held.close();

      String end = "select pg_catalog.pg_terminate_backend(" + pid + ");";
      assertThat(stage.events().of(Lost.class))
          .singleElement()
          .extracting(Lost::reason)
          .asString()
          .contains("some pool has it together with the lock (to end it: " + end + ")");
      scene.database().execute(end);
      scene.probe().awaitUntil(() -> stage.isFree(LockStage.KEY), "nothing is locked");
    }
  }

  @Test
  void shouldEndTheWaitIfTheConnectionIsLost() {
    try (HeldLock other = heldByOther();
        Waiter waiter =
            Waiter.start(
                stage.lock(
                    LockStage.policy(
                        java.time.Duration.ofMinutes(1), java.time.Duration.ofMillis(100))),
                LockStage.borrowed(connection))) {
      int pid = stage.awaitWaiting().pid();

      scene.database().count("SELECT pg_terminate_backend(" + pid + ")::int");

      assertThat(waiter.failure())
          .isInstanceOf(LockUnavailableException.class)
          .hasMessageContaining("57P01");
      assertThat(other).isNotNull();
    }
  }

  @Test
  void shouldRefuseASessionThatHoldsTheKeyAlready() throws SQLException {
    connection.setAutoCommit(true);
    execute("SELECT pg_advisory_lock(" + LockStage.KEY.value() + ")");

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(this::acquire)
        .withMessageContaining("its session holds it already");

    assertThat(scene.probe().holders(LockStage.KEY.value())).hasSize(1);
    assertThat(connection.isValid(1)).isTrue();
  }

  @Test
  void shouldAcquireAgainOnTheSameSession() throws SQLException {
    LockSession session = LockStage.borrowed(connection);
    for (int i = 0; i < 12; i++) { // pgjdbc prepares on the server from the fifth time on
      try (HeldLock held = stage.lock(LockStage.ONCE).acquire(session)) {
        assertThat(scene.probe().holders(held.key().value())).hasSize(1);
      }
      assertThat(stage.isFree(LockStage.KEY)).isTrue();
    }
    assertThat(connection.getAutoCommit()).isFalse();
  }

  @Test
  void shouldReleaseOnAnotherThread() throws Exception {
    HeldLock held = acquire();
    Thread thread = new Thread(held::close);
    thread.start();
    thread.join();

    assertThat(stage.isFree(LockStage.KEY)).isTrue();
    assertThat(transactionOf(connection)).isEqualTo(TransactionState.IDLE);
  }
}
