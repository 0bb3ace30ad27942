package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockSession;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Pools and wrappers that have only what JDBC 3.0 had, as of Java 5, with which stock Flyway and
 * Liquibase work: all that is newer is optional.
 */
class OldPoolsIT {
  /** What came with JDBC 4.0 to 4.3. */
  private static final Set<String> NEW =
      Set.of(
          "abort",
          "beginRequest",
          "closeOnCompletion",
          "createArrayOf",
          "createSQLXML",
          "createStruct",
          "endRequest",
          "getClientInfo",
          "getNetworkTimeout",
          "getSchema",
          "isCloseOnCompletion",
          "isPoolable",
          "isValid",
          "isWrapperFor",
          "setClientInfo",
          "setNetworkTimeout",
          "setPoolable",
          "setSchema",
          "setShardingKey",
          "unwrap");

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  @TempDir Path folder;

  /** A data source that is opened anew for each test. */
  private record Old(String name, Opening opening) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Opens one. */
  private interface Opening {
    DataSource open(Database database) throws Exception;
  }

  /** How a method that is not there fails. */
  private interface Failure {
    Throwable of(Method method);
  }

  static Stream<Old> old() {
    return Stream.of(
        new Old(
            "commons-dbcp 1.4",
            database ->
                bean(
                    "org.apache.commons.dbcp.BasicDataSource",
                    database,
                    Map.of("setDriverClassName", "org.postgresql.Driver"),
                    "setUrl",
                    "setUsername")),
        new Old(
            "c3p0 0.9.1.2",
            database ->
                bean(
                    "com.mchange.v2.c3p0.ComboPooledDataSource",
                    database,
                    Map.of("setDriverClass", "org.postgresql.Driver"),
                    "setJdbcUrl",
                    "setUser")),
        wrapper("AbstractMethodError", method -> new AbstractMethodError(method.getName())),
        wrapper(
            "UnsupportedOperationException",
            method -> new UnsupportedOperationException(method.getName())),
        wrapper(
            "SQLFeatureNotSupportedException",
            method -> new SQLFeatureNotSupportedException(method.getName())),
        wrapper("SQLException", method -> new SQLException(method.getName())));
  }

  private static Old wrapper(String name, Failure failure) {
    return new Old(name, database -> limited(DataSource.class, database.dataSource(), failure));
  }

  private static DataSource bean(
      String type, Database database, Map<String, String> more, String url, String user)
      throws Exception {
    Path jars = Path.of(System.getProperty("oldPools"));
    String classPath =
        String.join(
            File.pathSeparator,
            jars.resolve("commons-dbcp.jar").toString(),
            jars.resolve("commons-pool.jar").toString(),
            jars.resolve("c3p0.jar").toString());
    ClassLoader loader = new ChildFirstLoader(classPath, withoutNewC3p0());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader); // by which c3p0 finds its classes
    try {
      Object pool = loader.loadClass(type).getDeclaredConstructor().newInstance();
      set(pool, url, database.url());
      set(pool, user, database.user());
      set(pool, "setPassword", database.password());
      for (Map.Entry<String, String> setting : more.entrySet()) {
        set(pool, setting.getKey(), setting.getValue());
      }
      DataSource dataSource = (DataSource) pool;
      dataSource.getConnection().close();
      return dataSource;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static ClassLoader withoutNewC3p0() {
    return new ClassLoader(OldPoolsIT.class.getClassLoader()) {
      @Override
      protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (name.startsWith("com.mchange.")) {
          throw new ClassNotFoundException(name);
        }
        return super.loadClass(name, resolve);
      }
    };
  }

  private static void set(Object bean, String setter, String value)
      throws ReflectiveOperationException {
    bean.getClass().getMethod(setter, String.class).invoke(bean, value);
  }

  /** Whatever the driver returns is limited in the same way, but what is a value. */
  private static <T> T limited(Class<T> type, Object real, Failure failure) {
    return type.cast(
        Proxy.newProxyInstance(
            OldPoolsIT.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (isNew(method)) {
                throw failure.of(method);
              }
              try {
                Object result = method.invoke(real, arguments);
                boolean limits =
                    result != null
                        && method.getReturnType().isInterface()
                        && method.getReturnType().getPackageName().equals("java.sql")
                        && method.getReturnType() != Savepoint.class; // the driver wants its own
                return limits ? limited(method.getReturnType(), result, failure) : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private static boolean isNew(Method method) {
    return NEW.contains(method.getName())
        || (method.getName().equals("getObject")
            && List.of(method.getParameterTypes()).contains(Class.class))
        || method.getName().contains("Large");
  }

  @BeforeEach
  void writeMigrations() {
    Migrations migrations = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    migrations.writeTo(folder.resolve("flyway"), Tool.FLYWAY);
    migrations.writeTo(folder.resolve("liquibase"), Tool.LIQUIBASE);
  }

  private void migrate(DataSource dataSource, Map<String, String> settings) {
    Flyway.configure()
        .dataSource(dataSource)
        .locations("filesystem:" + folder.resolve("flyway"))
        .configuration(settings)
        .load()
        .migrate();
  }

  private void assertMigrated() {
    assertThat(scene.database().count("SELECT count(*) FROM one")).isZero();
    scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
  }

  /** Runs a tool beside a session that holds the lock until the tool waits for it. */
  private void runAfterWait(LiquibaseThread.Task task) throws Exception {
    LiquibaseThread run =
        KeyHolder.whileHeld(
            LockKey.MIGRATION,
            scene.database(),
            () -> {
              LiquibaseThread started = LiquibaseThread.start(task);
              scene
                  .probe()
                  .awaitUntil(
                      () ->
                          !started.isAlive()
                              || scene.probe().sessions().stream()
                                  .anyMatch(session -> session.application().contains("waits for")),
                      "the run waits");
              return started;
            });
    run.finish();
  }

  @ParameterizedTest
  @MethodSource("old")
  void shouldMigrateWithFlyway(Old old) throws Exception {
    migrate(old.opening().open(scene.database()), Map.of("flyway.advisoryLock.scope", "schema"));

    assertMigrated();
  }

  @ParameterizedTest
  @MethodSource("old")
  void shouldMigrateWithFlywayAfterWait(Old old) throws Exception {
    DataSource dataSource = old.opening().open(scene.database());

    runAfterWait(() -> migrate(dataSource, Map.of("flyway.advisoryLock.lease", "0")));

    assertMigrated();
  }

  @ParameterizedTest
  @MethodSource("old")
  void shouldMigrateWithLiquibaseAfterWait(Old old) throws Exception {
    DataSource dataSource = old.opening().open(scene.database());

    runAfterWait(
        () -> {
          try (LocalLiquibase liquibase =
              LocalLiquibase.on(dataSource.getConnection(), folder.resolve("liquibase"))) {
            liquibase.update();
          }
        });

    assertMigrated();
  }

  /** Where the lock cannot be confirmed, the session is ended, also by a driver without abort. */
  @ParameterizedTest
  @MethodSource("old")
  void shouldEndSessionThatLostTheLock(Old old) throws Exception {
    DataSource dataSource = old.opening().open(scene.database());
    List<Connection> opened = new CopyOnWriteArrayList<>();
    HeldLock held =
        stage
            .lock(LockStage.ONCE)
            .acquire(
                LockSession.dedicated(
                    () -> {
                      Connection connection = dataSource.getConnection();
                      opened.add(connection);
                      return connection;
                    },
                    LockStage.NAME));
    int pid = LockStage.pid(opened.get(0));
    try (Statement statement = opened.get(0).createStatement()) {
      statement.execute("SELECT pg_advisory_unlock_all()");
    }

    held.close();

    assertThat(stage.events().of(Lost.class)).hasSize(1);
    scene
        .probe()
        .awaitUntil(
            () -> scene.probe().sessions().stream().noneMatch(session -> session.pid() == pid),
            "the session has ended");
  }
}
