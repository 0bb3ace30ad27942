package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.LockKey;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract 4 with Flyway: however a run ends, the lock is free afterwards, and the next run goes on
 * at once. Many of these endings come without any event that a callback could hear.
 */
class FlywayEndingsIT {

  private static final String TIMEOUT = "flyway.advisoryLock.timeout";
  private static final String NEWER_EVENT = "BEFORE_CREATE_SCHEMA";
  private static final String ON_PURPOSE = "on purpose";
  private static final RuntimeException FAILURE = new IllegalStateException(ON_PURPOSE);
  private static final Error ERROR = new LinkageError(ON_PURPOSE);

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final Transcript transcript = new Transcript();

  @BeforeEach
  void prepare() throws IOException {
    transcript.listenToFlyway();
    Files.writeString(folder.resolve("V1__one.sql"), "CREATE TABLE one (id int);");
  }

  private FluentConfiguration configure() {
    return Flyway.configure()
        .loggers(Transcript.ForFlyway.class.getName())
        .dataSource(scene.database().url(), scene.database().user(), scene.database().password())
        .locations("filesystem:" + folder)
        .cleanDisabled(false);
  }

  private HikariDataSource pool(int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(1_000);
    return new HikariDataSource(config);
  }

  private static Callback failingAt(String event, RuntimeException failure) {
    return new FlywayCallback(
        event,
        () -> {
          throw failure;
        });
  }

  private static Callback failingAt(String event, Error failure) {
    return new FlywayCallback(
        event,
        () -> {
          throw failure;
        });
  }

  /**
   * One way in which a run ends.
   *
   * @param words of the failure, as all releases have them
   * @param takesTheLock whether it ends after it has got the lock
   */
  private record Ending(
      String words,
      boolean takesTheLock,
      Consumer<FlywayEndingsIT> preparation,
      Consumer<FluentConfiguration> run) {}

  private static Arguments ending(
      String name,
      String words,
      Consumer<FlywayEndingsIT> preparation,
      Consumer<FluentConfiguration> run) {
    return Arguments.of(name, new Ending(words, true, preparation, run));
  }

  /** Such a run must not be the one that leaves a lock either. */
  private static Arguments endingBeforeTheLock(
      String name,
      String words,
      Consumer<FlywayEndingsIT> preparation,
      Consumer<FluentConfiguration> run) {
    return Arguments.of(name, new Ending(words, false, preparation, run));
  }

  private static Arguments failingCallback(String event) {
    return failingCallback(event, true);
  }

  private static Arguments failingCallback(String event, boolean takesTheLock) {
    return Arguments.of(
        "a callback fails at " + event,
        new Ending(
            ON_PURPOSE,
            takesTheLock,
            test -> {},
            flyway -> flyway.callbacks(failingAt(event, FAILURE)).load().migrate()));
  }

  /** The lock is taken at the newer of these two events where there is one, which comes later. */
  static Stream<Arguments> endingsAtTheCreationOfSchemas() {
    boolean isThereANewerEvent =
        Stream.of(Event.values()).anyMatch(event -> event.name().equals(NEWER_EVENT));
    return isThereANewerEvent
        ? Stream.of(failingCallback("CREATE_SCHEMA", false), failingCallback(NEWER_EVENT))
        : Stream.of(failingCallback("CREATE_SCHEMA"));
  }

  static Stream<Arguments> endings() {
    return Stream.of(
        ending(
            "a migration fails",
            "division by zero",
            test -> test.write("V2__two.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        ending(
            "a migration outside a transaction fails",
            "column \"no\" does not exist",
            test -> test.write("V2__two.sql", "CREATE INDEX CONCURRENTLY one_no ON one (no);"),
            flyway -> flyway.load().migrate()),
        ending(
            "a repeatable migration fails",
            "division by zero",
            test -> test.write("R__two.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        ending(
            "an SQL callback fails",
            "division by zero",
            test -> test.write("beforeMigrate.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        failingCallback("BEFORE_MIGRATE"),
        failingCallback("BEFORE_EACH_MIGRATE"),
        failingCallback("AFTER_EACH_MIGRATE"),
        failingCallback("AFTER_MIGRATE"),
        failingCallback("AFTER_MIGRATE_APPLIED"),
        failingCallback("AFTER_MIGRATE_OPERATION_FINISH"),
        ending(
            "a callback throws an Error",
            ON_PURPOSE,
            test -> {},
            flyway -> flyway.callbacks(failingAt("BEFORE_MIGRATE", ERROR)).load().migrate()),
        ending(
            "the only event came on a connection that is closed",
            ON_PURPOSE,
            test -> {},
            flyway ->
                flyway
                    .createSchemas(false)
                    .validateOnMigrate(false)
                    .callbacks(failingAt("BEFORE_MIGRATE", ERROR))
                    .load()
                    .migrate()),
        endingBeforeTheLock(
            "validation fails",
            "Migration checksum mismatch",
            test -> {
              test.configure().load().migrate();
              test.write("V1__one.sql", "CREATE TABLE changed (id int);");
            },
            flyway -> flyway.load().migrate()),
        ending(
            "the schema is not empty and has no history",
            "Found non-empty schema",
            test -> test.scene.database().execute("CREATE TABLE stranger (id int)"),
            flyway -> flyway.load().migrate()),
        endingBeforeTheLock(
            "there is no schema and it is not to be created",
            "schema \"nowhere\" does not exist",
            test -> {},
            flyway -> flyway.createSchemas(false).defaultSchema("nowhere").load().migrate()),
        endingBeforeTheLock(
            "clean is disabled",
            "it has been disabled",
            test -> {},
            flyway -> flyway.cleanDisabled(true).load().clean()),
        ending(
            "clean fails in a callback",
            ON_PURPOSE,
            test -> {},
            flyway -> flyway.callbacks(failingAt("BEFORE_CLEAN", FAILURE)).load().clean()),
        ending(
            "repair fails in a callback",
            ON_PURPOSE,
            test -> test.configure().load().migrate(),
            flyway -> flyway.callbacks(failingAt("AFTER_REPAIR", FAILURE)).load().repair()),
        ending(
            "baseline is refused",
            "Unable to baseline",
            test -> test.configure().load().migrate(),
            flyway -> flyway.baselineVersion("7").load().baseline()),
        endingBeforeTheLock(
            "two migrations have one version",
            "Found more than one migration with version 1",
            test -> test.write("V1__two.sql", "SELECT 1;"),
            flyway -> flyway.load().migrate()),
        endingBeforeTheLock(
            "the lock's password is wrong",
            "password authentication failed",
            test -> {},
            flyway -> {
              Map<String, String> lock =
                  Map.of(
                      "flyway.advisoryLock.url", flyway.getUrl(),
                      "flyway.advisoryLock.user", "postgres",
                      "flyway.advisoryLock.password", "wrong");
              flyway.configuration(lock).load().migrate();
            }));
  }

  private void write(String file, String sql) {
    try {
      Files.writeString(folder.resolve(file), sql);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private long timesAcquired() {
    return transcript
        .toString()
        .lines()
        .filter(line -> line.startsWith("Acquired the advisory lock "))
        .count();
  }

  private void assertNextRunGoesOnAtOnce() throws IOException {
    scene
        .probe()
        .awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "no advisory lock is left");
    Path others = Files.createDirectories(folder.resolve("next"));
    Files.writeString(others.resolve("V1__next.sql"), "CREATE TABLE next (id int);");
    configure()
        .locations("filesystem:" + others)
        .table("next_history")
        .defaultSchema("next")
        .configuration(Map.of(TIMEOUT, "0"))
        .load()
        .migrate();
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"endings", "endingsAtTheCreationOfSchemas"})
  void contract4_shouldReleaseTheLockWhen(String name, Ending ending) throws IOException {
    ending.preparation().accept(this);
    long before = timesAcquired();

    Throwable failure = catchThrowable(() -> ending.run().accept(configure()));

    assertThat(failure)
        .isInstanceOfAny(FlywayException.class, FAILURE.getClass(), ERROR.getClass())
        .hasStackTraceContaining(ending.words());
    assertThat(timesAcquired() - before).isEqualTo(ending.takesTheLock() ? 1 : 0);
    assertNextRunGoesOnAtOnce();
  }

  /** Nothing was lost: the run was over, and its program may do what it likes. */
  @ParameterizedTest
  @ValueSource(strings = {"close the pool", "end all sessions"})
  void shouldNotReportALossWhenTheProgramCleansUpAfterAFailure(String cleanUp) throws IOException {
    write("V2__two.sql", "SELECT 1 / 0;");
    write("beforeMigrate.sql", "SELECT 1;");
    for (int i = 0; i < 10; i++) {
      Transcript ofThisRun = new Transcript();
      ofThisRun.listenToFlyway();
      HikariDataSource pool = pool(3);
      try {
        assertThatThrownBy(configure().dataSource(pool).load()::migrate)
            .hasMessageContaining("division by zero");
      } finally {
        if (cleanUp.equals("close the pool")) {
          pool.close();
        } else {
          endAllSessions();
        }
      }
      scene
          .probe()
          .awaitUntil(
              () -> ofThisRun.toString().contains("Released the advisory lock "),
              "the lock is released");
      pool.close();
      assertThat(ofThisRun.toString()).doesNotContain(" was lost");
    }
    scene
        .probe()
        .awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "no advisory lock is left");
    endAllSessions(); // a HikariCP that is closed may keep one that comes back at that moment
    transcript.listenToFlyway();
    assertNextRunGoesOnAtOnce();
  }

  private void endAllSessions() {
    scene
        .database()
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  @Test
  void shouldHaveReleasedTheLockWhenAnEventTellsOfTheFailure() {
    configure().load().migrate();

    assertThatThrownBy(configure().baselineVersion("7").load()::baseline)
        .hasMessageContaining("Unable to baseline");

    assertThat(scene.probe().advisoryLocks()).isEmpty();
  }

  @Test
  void shouldHaveReleasedTheLockWhenACallbackIsToldOfTheFailure() throws IOException {
    write("V2__two.sql", "SELECT 1 / 0;");
    write("afterMigrateError.sql", "SELECT 1;");

    assertThatThrownBy(configure().load()::migrate).hasMessageContaining("division by zero");

    assertThat(scene.probe().advisoryLocks()).isEmpty();
  }

  @Test
  void contract4_shouldReleaseTheLockWhenThePoolIsExhausted() throws IOException {
    try (HikariDataSource pool = pool(2)) {
      write("afterMigrate.sql", "SELECT 1;"); // needs a third connection

      assertThatThrownBy(() -> configure().dataSource(pool).load().migrate())
          .isInstanceOf(FlywayException.class)
          .hasStackTraceContaining("Connection is not available");

      scene
          .probe()
          .awaitUntil(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0, "all back");
      assertThat(scene.probe().advisoryLocks()).isEmpty();
    }
    assertNextRunGoesOnAtOnce();
  }

  @Test
  void contract4_shouldSayWhatToDoWhenThePoolHasNoConnectionForTheLock() {
    try (HikariDataSource pool = pool(1)) {
      assertThatThrownBy(() -> configure().dataSource(pool).load().migrate())
          .isInstanceOf(FlywayException.class)
          .hasMessageContaining("There is no advisory lock " + LockKey.MIGRATION)
          .hasMessageContaining("the lock needs one connection more than the tool");

      scene
          .probe()
          .awaitUntil(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0, "all back");
      assertThat(scene.database().list("SELECT to_regclass('one')")).containsExactly("null");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldRefuseADataSourceWithOneConnection(boolean wrappedAnew) throws SQLException {
    try (Connection only = scene.database().dataSource().getConnection()) {
      Connection wrapped = withoutClose(only);
      DataSource single = dataSource(() -> wrappedAnew ? withoutClose(only) : wrapped);

      assertThatThrownBy(() -> configure().dataSource(single).load().migrate())
          .isInstanceOf(FlywayException.class)
          .hasMessageContaining("There is no advisory lock " + LockKey.MIGRATION)
          .hasMessageContaining("Give Flyway a pool, or the lock a url");
    }
    assertThat(scene.database().list("SELECT to_regclass('one')")).containsExactly("null");
  }

  /** Such a run ends without its main connection being closed. */
  @Test
  void shouldRunOnADataSourceWithOneConnectionWhereTheLockHasItsOwn() throws Exception {
    write("V2__two.sql", "SELECT 1 / 0;");
    try (Connection only = scene.database().dataSource().getConnection()) {
      Connection wrapped = withoutClose(only);
      Flyway flyway =
          configure()
              .dataSource(dataSource(() -> wrapped))
              .configuration(
                  Map.of(
                      "flyway.advisoryLock.url", scene.database().url(),
                      "flyway.advisoryLock.user", scene.database().user(),
                      "flyway.advisoryLock.password", scene.database().password()))
              .load();
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(flyway::migrate).hasMessageContaining("division by zero");
      }
      write("V2__two.sql", "SELECT 1;");

      flyway.migrate();
    }
    assertThat(scene.database().count("SELECT count(*) FROM flyway_schema_history")).isEqualTo(2);
    assertNextRunGoesOnAtOnce();
  }

  private static Connection withoutClose(Connection connection) {
    return Connection.class.cast(
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              try {
                return method.getName().equals("close")
                    ? null
                    : method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private static DataSource dataSource(Supplier<Connection> connections) {
    return DataSource.class.cast(
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) ->
                method.getName().equals("getConnection") ? connections.get() : null));
  }

  @Test
  void shouldGiveThePoolItsConnectionsBackAsTheyWere() {
    try (HikariDataSource pool = pool(2)) {
      configure().dataSource(pool).load().migrate();

      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
      assertThat(scene.probe().advisoryLocks()).isEmpty();
      assertThat(scene.probe().sessions())
          .isNotEmpty()
          .noneMatch(session -> session.application().startsWith("flyway holds"));
    }
  }

  @Test
  void shouldRunAgainOnTheSameThreadRightAfterAFailure() throws IOException {
    write("V2__two.sql", "SELECT 1 / 0;");
    Flyway flyway = configure().load();
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(flyway::migrate).isInstanceOf(FlywayException.class);
    }
    write("V2__two.sql", "SELECT 1;");

    configure().load().migrate();

    assertThat(scene.database().count("SELECT count(*) FROM flyway_schema_history")).isEqualTo(2);
    assertNextRunGoesOnAtOnce();
  }

  /** Older releases do not show their main connection then, whose end would be the run's. */
  @Test
  void shouldRunAnotherFlywayOnTheSameThreadRightAfterAFailure() {
    Supplier<FluentConfiguration> silent =
        () -> configure().createSchemas(false).validateOnMigrate(false);
    for (int i = 0; i < 5; i++) {
      FluentConfiguration failing =
          silent.get().callbacks(failingAt("BEFORE_MIGRATE", new IllegalStateException("no")));
      assertThatThrownBy(failing.load()::migrate).hasMessageContaining("no");

      silent.get().configuration(Map.of(TIMEOUT, "0")).load().migrate();
    }

    scene.probe().awaitNothingLeft();
  }

  /** It is closed after the main connection, and Flyway puts it back as it was before. */
  @Test
  void shouldLeaveTheConnectionOfACallbackThatFailedToFlyway() throws IOException {
    write("beforeMigrate.sql", "SELECT 1 / 0;");
    List<Connection> opened = new ArrayList<>();
    AtomicReference<Boolean> released = new AtomicReference<>();
    DataSource slow =
        whenClosed(
            scene.database().dataSource(),
            opened,
            closed -> {
              if (closed == opened.get(0)) {
                released.set(
                    Await.within(
                        Duration.ofMillis(300), () -> scene.probe().advisoryLocks().isEmpty()));
              }
            });

    assertThatThrownBy(() -> configure().dataSource(slow).load().migrate())
        .hasStackTraceContaining("division by zero");

    assertThat(released).hasValue(false);
    assertNextRunGoesOnAtOnce();
  }

  /** Say, one that the server has ended while Flyway had no need of it. */
  @Test
  void shouldNotCommitWhatIsDoneAfterTheMainConnectionHasGone() {
    List<Connection> opened = new ArrayList<>();
    AtomicBoolean gone = new AtomicBoolean();
    DataSource losing =
        proxyOfConnections(
            scene.database().dataSource(),
            opened,
            (connection, called, answer) ->
                called.getName().equals("isClosed") && connection == opened.get(0) && gone.get()
                    ? true
                    : answer);
    FlywayCallback losesMainConnection =
        new FlywayCallback(
            "BEFORE_EACH_MIGRATE",
            () -> {
              gone.set(true);
              scene
                  .probe()
                  .awaitUntil(
                      () -> scene.probe().holders(LockKey.MIGRATION.value()).isEmpty(),
                      "the lock is released");
            });

    assertThatThrownBy(
            () -> configure().dataSource(losing).callbacks(losesMainConnection).load().migrate())
        .hasMessageContaining("The advisory lock was released before this run of Flyway had ended");

    gone.set(false);
    assertThat(scene.database().list("SELECT to_regclass('one')")).containsExactly("null");
  }

  /** As a driver may throw that is too old for what it is asked. */
  @Test
  void contract4_shouldReleaseTheLockWhenTheEndOfTheWorkThrowsAnError() {
    write("V2__two.sql", "CREATE INDEX CONCURRENTLY one_id ON one (id);");
    List<Connection> opened = new ArrayList<>();
    AtomicBoolean broken = new AtomicBoolean();
    DataSource breaking =
        proxyOfConnections(
            scene.database().dataSource(),
            opened,
            (connection, called, answer) -> {
              if (called.getName().equals("isClosed")
                  && connection != opened.get(0)
                  && broken.get()) {
                throw new AbstractMethodError("no");
              }
              return answer;
            });

    assertThatCode(
            () ->
                configure()
                    .dataSource(breaking)
                    .configuration(Map.of("flyway.advisoryLock.nativeLock", "keep"))
                    .callbacks(
                        new FlywayCallback(
                            "AFTER_MIGRATE_OPERATION_FINISH", () -> broken.set(true)))
                    .load()
                    .migrate())
        .doesNotThrowAnyException();

    broken.set(false);
    scene
        .probe()
        .awaitUntil(
            () -> scene.probe().holders(LockKey.MIGRATION.value()).isEmpty(),
            "the lock is released");
  }

  private static DataSource whenClosed(
      DataSource target, List<Connection> opened, Consumer<Connection> afterClose) {
    return proxyOfConnections(
        target,
        opened,
        (connection, called, answer) -> {
          if (called.getName().equals("close")) {
            afterClose.accept(connection);
          }
          return answer;
        });
  }

  /** What a connection answers instead. */
  private interface Answers {
    Object to(Connection connection, Method called, Object answer);
  }

  private static DataSource proxyOfConnections(
      DataSource target, List<Connection> opened, Answers answers) {
    return proxy(
        DataSource.class,
        target,
        (result, method) -> {
          if (!(result instanceof Connection connection)) {
            return result;
          }
          opened.add(connection);
          return proxy(
              Connection.class,
              connection,
              (answer, called) -> answers.to(connection, called, answer));
        });
  }

  private static <T> T proxy(
      Class<T> type, T target, BiFunction<Object, Method, Object> afterwards) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return afterwards.apply(method.invoke(target, arguments), method);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
