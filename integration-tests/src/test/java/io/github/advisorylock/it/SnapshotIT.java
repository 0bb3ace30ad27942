package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Neither a waiter nor a holder keeps a CREATE INDEX CONCURRENTLY waiting. */
class SnapshotIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  /** The ways in which a session may come to be used. */
  enum Kind {
    DEDICATED,
    DEDICATED_FROM_POOL_WITHOUT_AUTOCOMMIT,
    DEDICATED_WITH_FETCH_SIZE,
    BORROWED,
    BORROWED_WITHOUT_AUTOCOMMIT,
    BORROWED_WITHOUT_AUTOCOMMIT_WITH_FETCH_SIZE,
    BORROWED_READ_ONLY
  }

  private static final String ISOLATION =
      "ALTER DATABASE %s SET default_transaction_isolation = 'serializable'";

  /** At how many instants an index that is being created looks for snapshots. */
  private static final int INSTANTS = 30;

  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeEach
  void createTable() {
    scene.database().execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : opened) {
      resource.close();
    }
  }

  private LockSession session(Kind kind) throws SQLException {
    return switch (kind) {
      case DEDICATED -> stage.dedicated();
      case DEDICATED_FROM_POOL_WITHOUT_AUTOCOMMIT ->
          LockSession.dedicated(poolWithoutAutoCommit()::getConnection, LockStage.NAME);
      case DEDICATED_WITH_FETCH_SIZE ->
          LockSession.dedicated(this::connectWithFetchSize, LockStage.NAME);
      case BORROWED -> LockStage.borrowed(keep(stage.connect(true)));
      case BORROWED_WITHOUT_AUTOCOMMIT -> LockStage.borrowed(keep(stage.connect(false)));
      case BORROWED_WITHOUT_AUTOCOMMIT_WITH_FETCH_SIZE -> {
        Connection connection = keep(connectWithFetchSize());
        connection.setAutoCommit(false);
        yield LockStage.borrowed(connection);
      }
      case BORROWED_READ_ONLY -> {
        Connection connection = keep(stage.connect(false));
        connection.setReadOnly(true);
        yield LockStage.borrowed(connection);
      }
    };
  }

  private <T extends AutoCloseable> T keep(T resource) {
    opened.add(resource);
    return resource;
  }

  private Connection connectWithFetchSize() throws SQLException {
    return DriverManager.getConnection(
        JdbcUrl.parse(scene.database().url()).with("defaultRowFetchSize", "1").toString(),
        scene.database().user(),
        scene.database().password());
  }

  private HikariDataSource poolWithoutAutoCommit() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(false);
    return keep(new HikariDataSource(config));
  }

  private HeldLock heldByHarness() throws SQLException {
    Connection connection = keep(scene.database().connect());
    return stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(connection));
  }

  @ParameterizedTest
  @EnumSource
  void shouldWaitWithoutSnapshot(Kind kind) throws SQLException {
    try (HeldLock held = heldByHarness();
        Waiter waiter = Waiter.start(stage.lock(LockStage.ASLEEP), session(kind))) {
      assertThat(stage.awaitWaiting())
          .returns("idle", Session::state)
          .returns(false, Session::snapshot);
      assertThat(held).isNotNull();
      assertThat(waiter).isNotNull();
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldHoldWithoutSnapshot(Kind kind) throws SQLException {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(session(kind))) {
      assertThat(stage.awaitHolding())
          .returns("idle", Session::state)
          .returns(false, Session::snapshot);
      assertThat(held).isNotNull();
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldWaitWithoutSnapshotEvenIfTransactionsAreSerializable(Kind kind) throws SQLException {
    scene.database().execute(ISOLATION.formatted(scene.database().name()));
    shouldWaitWithoutSnapshot(kind);
  }

  @ParameterizedTest
  @EnumSource
  void shouldHoldWithoutSnapshotEvenIfTransactionsAreSerializable(Kind kind) throws SQLException {
    scene.database().execute(ISOLATION.formatted(scene.database().name()));
    shouldHoldWithoutSnapshot(kind);
  }

  @Test
  void shouldLookForTheHolderWithoutLeavingASnapshot() throws SQLException {
    try (HeldLock held = heldByHarness();
        Connection asking = stage.connect(false)) {
      int pid = LockStage.pid(asking);
      asking.rollback();

      assertThat(LockHolder.find(asking, held.key())).isPresent();

      assertThat(scene.probe().sessions())
          .filteredOn(session -> session.pid() == pid)
          .singleElement()
          .returns("idle", Session::state)
          .returns(false, Session::snapshot);
    }
  }

  @Test
  void shouldLetAHolderCreateAnIndexConcurrentlyWhileOthersPoll() throws SQLException {
    List<Waiter> waiters = new ArrayList<>();
    try (Connection connection = stage.connect(true)) {
      HeldLock held = stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(connection));
      for (Kind kind : Kind.values()) {
        waiters.add(Waiter.startPassingThrough(stage.lock(LockStage.BUSY), session(kind)));
      }
      scene
          .probe()
          .awaitUntil(
              () ->
                  scene.probe().sessions().stream()
                          .filter(session -> session.application().startsWith("it waits for"))
                          .count()
                      == Kind.values().length,
              "everybody waits");

      createIndexConcurrently(connection);

      held.close();
      waiters.forEach(Waiter::held);
    } finally {
      waiters.forEach(Waiter::close);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldLetOthersCreateAnIndexConcurrentlyWhileHeld(Kind kind) throws SQLException {
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(session(kind));
        Connection other = scene.database().connect()) {
      createIndexConcurrently(other);
      assertThat(held).isNotNull();
    }
  }

  /** Behind a pooler the lock is held in a transaction, whose end an index would wait for. */
  @ParameterizedTest
  @EnumSource(names = {"SESSION", "TRANSACTION"})
  void shouldLetOthersCreateAnIndexConcurrentlyWhileTheLockIsConfirmed(Pooling pooling)
      throws Exception {
    LockSession session =
        LockSession.dedicated(
            scene.database().dataSource()::getConnection,
            LockStage.NAME,
            new SessionPolicy(pooling, SessionPolicy.DEFAULT.lease(), true));
    AtomicBoolean enough = new AtomicBoolean();
    try (HeldLock held = stage.lock(LockStage.ONCE).acquire(session);
        Connection other = scene.database().connect()) {
      CompletableFuture<Void> confirming =
          CompletableFuture.runAsync(
              () -> {
                while (!enough.get()) {
                  held.verify();
                }
              });
      try {
        for (int i = 0; i < INSTANTS; i++) {
          scene.database().execute("DROP INDEX IF EXISTS orders_id");
          createIndexConcurrently(other);
        }
      } finally {
        enough.set(true);
      }
      confirming.get(1, TimeUnit.MINUTES);
    }
  }

  private void createIndexConcurrently(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = '20s'");
      statement.execute("CREATE INDEX CONCURRENTLY orders_id ON orders (id)");
    }
    assertThat(
            scene
                .database()
                .list("SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_id'::regclass"))
        .containsExactly("t");
  }
}
