package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract 4 with Flyway: however a run ends, the lock is free afterwards, and the next run goes on
 * at once. Many of these endings come without any event that a callback could hear.
 */
class FlywayEndingsIT {

  private static final String TIMEOUT = "flyway.advisoryLock.timeout";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  @BeforeEach
  void writeMigration() throws IOException {
    Files.writeString(folder.resolve("V1__one.sql"), "CREATE TABLE one (id int);");
  }

  private FluentConfiguration configure() {
    return Flyway.configure()
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

  /** One way in which a run ends. */
  private record Ending(Consumer<FlywayEndingsIT> preparation, Consumer<FluentConfiguration> run) {}

  private static Arguments ending(
      String name, Consumer<FlywayEndingsIT> preparation, Consumer<FluentConfiguration> run) {
    return Arguments.of(name, new Ending(preparation, run));
  }

  private static Arguments failingCallback(String event) {
    return ending(
        "a callback fails at " + event,
        test -> {},
        flyway ->
            flyway.callbacks(failingAt(event, new IllegalStateException("no"))).load().migrate());
  }

  static Stream<Arguments> endings() {
    return Stream.of(
        ending(
            "a migration fails",
            test -> test.write("V2__two.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        ending(
            "a migration outside a transaction fails",
            test -> test.write("V2__two.sql", "CREATE INDEX CONCURRENTLY one_no ON one (no);"),
            flyway -> flyway.load().migrate()),
        ending(
            "a repeatable migration fails",
            test -> test.write("R__two.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        ending(
            "an SQL callback fails",
            test -> test.write("beforeMigrate.sql", "SELECT 1 / 0;"),
            flyway -> flyway.load().migrate()),
        failingCallback("BEFORE_MIGRATE"),
        failingCallback("BEFORE_EACH_MIGRATE"),
        failingCallback("AFTER_EACH_MIGRATE"),
        failingCallback("AFTER_MIGRATE"),
        failingCallback("AFTER_MIGRATE_APPLIED"),
        failingCallback("BEFORE_CREATE_SCHEMA"),
        failingCallback("CREATE_SCHEMA"),
        failingCallback("AFTER_MIGRATE_OPERATION_FINISH"),
        ending(
            "a callback throws an Error",
            test -> {},
            flyway ->
                flyway
                    .callbacks(failingAt("BEFORE_MIGRATE", new AssertionError("no")))
                    .load()
                    .migrate()),
        ending(
            "the only event came on a connection that is closed",
            test -> {},
            flyway ->
                flyway
                    .createSchemas(false)
                    .validateOnMigrate(false)
                    .callbacks(failingAt("BEFORE_MIGRATE", new AssertionError("no")))
                    .load()
                    .migrate()),
        ending(
            "validation fails",
            test -> {
              test.configure().load().migrate();
              test.write("V1__one.sql", "CREATE TABLE changed (id int);");
            },
            flyway -> flyway.load().migrate()),
        ending(
            "the schema is not empty and has no history",
            test -> test.scene.database().execute("CREATE TABLE stranger (id int)"),
            flyway -> flyway.load().migrate()),
        ending(
            "there is no schema and it is not to be created",
            test -> {},
            flyway -> flyway.createSchemas(false).defaultSchema("nowhere").load().migrate()),
        ending(
            "clean is disabled", test -> {}, flyway -> flyway.cleanDisabled(true).load().clean()),
        ending(
            "clean fails in a callback",
            test -> {},
            flyway ->
                flyway
                    .callbacks(failingAt("BEFORE_CLEAN", new IllegalStateException("no")))
                    .load()
                    .clean()),
        ending(
            "repair fails in a callback",
            test -> test.configure().load().migrate(),
            flyway ->
                flyway
                    .callbacks(failingAt("AFTER_REPAIR", new IllegalStateException("no")))
                    .load()
                    .repair()),
        ending(
            "baseline is refused",
            test -> test.configure().load().migrate(),
            flyway -> flyway.baselineVersion("7").load().baseline()),
        ending(
            "two migrations have one version",
            test -> test.write("V1__two.sql", "SELECT 1;"),
            flyway -> flyway.load().migrate()),
        ending(
            "the lock's password is wrong",
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
  @MethodSource("endings")
  void contract4_shouldReleaseTheLockWhen(String name, Ending ending) throws IOException {
    ending.preparation().accept(this);

    try {
      ending.run().accept(configure());
    } catch (RuntimeException | AssertionError expected) {
      // What ends a run, and as what, is Flyway's; that the lock is free afterwards, ours.
    }

    assertNextRunGoesOnAtOnce();
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

  private static DataSource whenClosed(
      DataSource target, List<Connection> opened, Consumer<Connection> afterClose) {
    return proxy(
        DataSource.class,
        target,
        (result, method) -> {
          if (!(result instanceof Connection connection)) {
            return result;
          }
          Connection shown =
              proxy(
                  Connection.class,
                  connection,
                  (answer, called) -> {
                    if (called.getName().equals("close")) {
                      afterClose.accept(connection);
                    }
                    return answer;
                  });
          opened.add(connection);
          return shown;
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
