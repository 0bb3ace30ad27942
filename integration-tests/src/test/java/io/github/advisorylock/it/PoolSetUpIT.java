package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockUnavailableException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A transaction in which a pool has set a connection up does not keep the lock from using it, and
 * what was set stays. A transaction of the caller is left alone. Decision 29 says how they differ.
 */
@SuppressWarnings("try") // releasing before the end of the block
class PoolSetUpIT {
  private static final Map<String, String> WITHOUT_LOCK =
      Map.of("flyway.advisoryLock.active", "false");

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  @TempDir Path folder;
  private Login login;
  private String owner;

  @BeforeEach
  void createSchemaAndRoles() {
    Database database = scene.database();
    owner = database.createLogin().user();
    login = database.createLogin("GRANT " + owner + " TO :role");
    database.execute(
        "CREATE SCHEMA app",
        "CREATE TABLE validation (id int)",
        "GRANT SELECT ON validation TO PUBLIC",
        "GRANT CREATE, USAGE ON SCHEMA app, public TO PUBLIC");
  }

  private void migrate(DataSource dataSource, String table, Map<String, String> settings) {
    Path migrations = folder.resolve(table);
    new Migrations()
        .versioned("1", "one", "CREATE TABLE " + table + " (id int)")
        .writeTo(migrations, Tool.FLYWAY);
    Flyway.configure()
        .dataSource(dataSource)
        .locations("filesystem:" + migrations)
        .table(table + "_history")
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .configuration(settings)
        .load()
        .migrate();
  }

  /** Where both tables of a run are, and whose. */
  private List<String> created(String table) {
    return scene
        .database()
        .list(
            "SELECT relnamespace::regnamespace || ' ' || relowner::regrole || replace(relname, '%1$s', '')"
                    .formatted(table)
                + " FROM pg_class WHERE relkind = 'r' AND relname IN ('%1$s', '%1$s_history') ORDER BY relname"
                    .formatted(table));
  }

  /**
   * Before 10.18, Flyway loses the role of its first connection, on which it keeps its history.
   * With the jar it also migrates there.
   */
  private List<String> withRoleOfHistory(List<String> created) {
    boolean lost = created.stream().anyMatch(table -> table.endsWith(login.user() + "_history"));
    return lost
        ? created.stream().map(table -> table.replace(owner, login.user())).toList()
        : created;
  }

  /** What the next users of all the pool's connections find. */
  private static List<String> left(DataSource pool) throws SQLException {
    List<Connection> borrowed = new ArrayList<>();
    List<String> left = new ArrayList<>();
    try {
      for (int i = 0; i < PoolSetUp.SIZE; i++) {
        Connection connection = pool.getConnection();
        borrowed.add(connection);
        try (Statement statement = connection.createStatement();
            ResultSet row =
                statement.executeQuery(
                    "SELECT current_user, current_setting('search_path'), current_setting('application_name')")) {
          row.next();
          left.add(
              "%s, %s, %s, autocommit %s"
                  .formatted(
                      row.getString(1),
                      row.getString(2),
                      row.getString(3),
                      connection.getAutoCommit()));
        }
      }
      return left;
    } finally {
      for (Connection connection : borrowed) {
        if (!connection.getAutoCommit()) {
          connection.commit(); // a rollback would undo what the pool has set
        }
        connection.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldMigrateAsStockFlywayDoes(PoolSetUp setUp) throws Exception {
    List<String> leftByStock = migrate(setUp, "stock", WITHOUT_LOCK);

    assertThat(migrate(setUp, "jar", Map.of())).isEqualTo(leftByStock);
    List<String> stock = created("stock");
    assertThat(created("jar")).hasSize(2).isIn(stock, withRoleOfHistory(stock));
  }

  @ParameterizedTest
  @EnumSource
  void shouldMigrateAsStockFlywayDoesWithItsOwnLock(PoolSetUp setUp) throws Exception {
    List<String> leftByStock = migrate(setUp, "stock", WITHOUT_LOCK);

    assertThat(migrate(setUp, "jar", Map.of("flyway.advisoryLock.nativeLock", "keep")))
        .isEqualTo(leftByStock);
    assertThat(created("jar")).hasSize(2).isEqualTo(created("stock"));
  }

  /** Returns what the next users of the pool find. */
  private List<String> migrate(PoolSetUp setUp, String table, Map<String, String> settings)
      throws Exception {
    try (PoolSetUp.Opened pool = setUp.open(scene.database(), login, owner)) {
      migrate(pool.dataSource(), table, settings);
      return left(pool.dataSource());
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldLockInAProgramOfOnesOwn(PoolSetUp setUp) throws Exception {
    try (PoolSetUp.Opened pool = setUp.open(scene.database(), login, owner)) {
      List<String> before = left(pool.dataSource());
      LockSession session = LockSession.dedicated(pool.dataSource()::getConnection, LockStage.NAME);
      try (HeldLock held = stage.lock(LockStage.ONCE).acquire(session);
          Waiter waiter =
              Waiter.start(
                  stage.lock(LockStage.BUSY),
                  LockSession.dedicated(pool.dataSource()::getConnection, LockStage.NAME))) {
        held.verify();
        stage.awaitWaiting();
        held.close();
        waiter.held().close();
      }
      scene.probe().awaitUntil(() -> stage.isFree(LockStage.KEY), "nothing is locked");

      assertThat(left(pool.dataSource())).isEqualTo(before);
    }
  }

  @Test
  void shouldAwaitFreeLockWithoutSnapshot() throws Exception {
    try (PoolSetUp.Opened pool = PoolSetUp.HIKARI_TEST_QUERY.open(scene.database(), login, owner);
        HeldLock held = stage.lock(LockStage.ONCE).acquire(stage.dedicated())) {
      Thread waiting =
          new Thread(() -> stage.lock(LockStage.BUSY).awaitFree(pool.dataSource()::getConnection));
      waiting.start();
      scene
          .probe()
          .awaitUntil(() -> !stage.events().of(LockListener.Waiting.class).isEmpty(), "it waits");
      scene
          .probe()
          .awaitUntil(
              () -> scene.probe().sessions().stream().noneMatch(LockProbe.Session::snapshot),
              "no session has a snapshot");

      held.close();
      waiting.join();
    }
  }

  /** The caller's connection, as a proxy that knows the caller's transaction hands it out. */
  @Nested
  class CallersTransaction {

    private Connection caller;

    @BeforeEach
    void begin() throws SQLException {
      scene.database().execute("CREATE TABLE work (id int)");
      caller = stage.connect(false);
    }

    private Connection shared() {
      return (Connection)
          Proxy.newProxyInstance(
              PoolSetUpIT.class.getClassLoader(),
              new Class<?>[] {Connection.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("close")) {
                  return null;
                }
                try {
                  return method.invoke(caller, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    private void execute(String sql) throws SQLException {
      try (Statement statement = caller.createStatement()) {
        statement.execute(sql);
      }
    }

    private void assertNeitherCommittedNorLost() throws SQLException {
      assertThat(scene.database().count("SELECT count(*) FROM work")).isZero();
      caller.commit();
      assertThat(scene.database().count("SELECT count(*) FROM work")).isOne();
      caller.close();
    }

    private void assertRefused() {
      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(
              () ->
                  stage
                      .lock(LockStage.ONCE)
                      .acquire(LockSession.dedicated(this::shared, LockStage.NAME)))
          .withMessageContaining("in the middle of a transaction");
    }

    @Test
    void shouldBeRefusedWhenItHasWritten() throws SQLException {
      execute("INSERT INTO work VALUES (1)");

      assertRefused();

      assertNeitherCommittedNorLost();
    }

    @Test
    void shouldBeRefusedWhenItHasOnlyRead() throws SQLException {
      execute("SET LOCAL my.own = 'value'");
      execute("SELECT * FROM work");

      assertRefused();

      execute("INSERT INTO work SELECT 1 WHERE current_setting('my.own') = 'value'");
      assertNeitherCommittedNorLost();
    }

    @Test
    void shouldBeRefusedWhenItHoldsALock() throws SQLException {
      execute("SELECT pg_advisory_xact_lock(42)");

      assertRefused();

      assertThat(scene.probe().advisoryLocks()).hasSize(1);
      caller.close();
    }

    @Test
    void shouldBeRefusedUnharmedWhenTheServerTellsNothing() throws SQLException {
      scene.database().execute("REVOKE SELECT ON pg_locks FROM PUBLIC");
      caller.close();
      Login hardened = scene.database().createLogin("GRANT INSERT ON work TO :role");
      caller = scene.database().dataSource().getConnection(hardened.user(), hardened.password());
      caller.setAutoCommit(false);
      execute("INSERT INTO work VALUES (1)");

      assertRefused();

      assertNeitherCommittedNorLost();
    }

    @Test
    void shouldBeRefusedByFlywayWhenItHasWritten() throws SQLException {
      execute("INSERT INTO work VALUES (1)");
      BooleanSupplier isForTheLock =
          () ->
              StackWalker.getInstance()
                  .walk(
                      frames ->
                          frames.anyMatch(
                              frame ->
                                  frame
                                      .getClassName()
                                      .startsWith("io.github.advisorylock.flyway.")));
      DataSource real = scene.database().dataSource();
      DataSource sharing =
          (DataSource)
              Proxy.newProxyInstance(
                  PoolSetUpIT.class.getClassLoader(),
                  new Class<?>[] {DataSource.class},
                  (proxy, method, arguments) ->
                      isForTheLock.getAsBoolean() ? shared() : method.invoke(real, arguments));

      assertThatThrownBy(() -> migrate(sharing, "refused", Map.of()))
          .isInstanceOf(FlywayException.class)
          .hasStackTraceContaining("in the middle of a transaction");

      assertNeitherCommittedNorLost();
    }
  }
}
