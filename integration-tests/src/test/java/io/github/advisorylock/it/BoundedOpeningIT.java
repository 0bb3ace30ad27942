package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSourceListener;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockTimeoutException;
import io.github.advisorylock.LockUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import liquibase.exception.LiquibaseException;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A peer that accepts connections and never answers does not hold a run without end. */
@Timeout(120)
class BoundedOpeningIT {
  private static final Duration SHORT = Duration.ofMillis(500);

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  @TempDir Path folder;

  @BeforeEach
  void writeMigrations() {
    Migrations migrations = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    migrations.writeTo(folder.resolve("flyway"), Tool.FLYWAY);
    migrations.writeTo(folder.resolve("liquibase"), Tool.LIQUIBASE);
  }

  private void migrate(String url, Map<String, String> settings) {
    Flyway.configure()
        .dataSource(url, scene.database().user(), scene.database().password())
        .locations("filesystem:" + folder.resolve("flyway"))
        .configuration(settings)
        .load()
        .migrate();
  }

  @Test
  void shouldGiveUpUrlThatDoesNotAnswer() {
    try (SilentServer server = new SilentServer()) {
      ConnectionSettings silent = new ConnectionSettings(server.urlWithoutBound(), "x", "x");

      assertThatExceptionOfType(LockUnavailableException.class)
          .isThrownBy(
              () ->
                  stage
                      .lock(LockStage.policy(SHORT, Duration.ofMillis(5)))
                      .acquire(LockSession.dedicated(silent, LockStage.NAME)))
          .withMessageContaining("no attempt reached the lock")
          .withMessageContaining("no answer to the attempt to connect within");
    }
  }

  @Test
  void shouldFailFlywayWhoseLockUrlDoesNotAnswer() {
    try (SilentServer server = new SilentServer()) {
      assertThatThrownBy(
              () ->
                  migrate(
                      scene.database().url(),
                      Map.of(
                          "flyway.advisoryLock.url",
                          server.urlWithoutBound(),
                          "flyway.advisoryLock.timeout",
                          "500ms")))
          .matches(failure -> Throwables.find(failure, LockUnavailableException.class) != null)
          .hasStackTraceContaining("no answer to the attempt to connect");
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldFailLiquibaseWhoseLockUrlDoesNotAnswer() throws Exception {
    try (SilentServer server = new SilentServer();
        LocalLiquibase liquibase =
            LocalLiquibase.on(stage.connect(true), folder.resolve("liquibase"))
                .with("liquibase.advisoryLock.url", server.urlWithoutBound())
                .with("liquibase.advisoryLock.timeout", "500ms")) {
      assertThatThrownBy(liquibase::update)
          .isInstanceOf(LiquibaseException.class)
          .hasStackTraceContaining("no answer to the attempt to connect");
    }
    scene.probe().awaitNothingLeft();
  }

  /** Flyway's own connection is there; the lock's is lost during the wait, and not replaced. */
  @Test
  void shouldFailFlywayWhoseServerStopsAnswering() throws Exception {
    try (TcpProxy proxy = TcpProxy.to(scene.database().address())) {
      LiquibaseThread run =
          KeyHolder.whileHeld(
              LockKey.MIGRATION,
              scene.database(),
              () -> {
                LiquibaseThread started =
                    LiquibaseThread.start(
                        () ->
                            migrate(
                                scene.database().url("flyway", proxy.address()),
                                Map.of("flyway.advisoryLock.timeout", "10s")));
                scene.probe().awaitUntil(() -> !waiting().isEmpty(), "Flyway waits");
                proxy.swallowNew();
                scene
                    .database()
                    .execute("SELECT pg_terminate_backend(%d)".formatted(waiting().get(0)));
                assertThat(Throwables.find(started.failure(), LockTimeoutException.class))
                    .hasMessageContaining("the last try failed: no answer to the attempt");
                return started;
              });
      assertThat(run.isAlive()).isFalse();
    }
    scene.probe().awaitNothingLeft();
  }

  private List<Integer> waiting() {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().contains("waits for"))
        .map(LockProbe.Session::pid)
        .toList();
  }

  @Test
  void shouldSayThatFlywaysIdleConnectionEnded() throws Exception {
    LiquibaseThread run =
        KeyHolder.whileHeld(
            LockKey.MIGRATION,
            scene.database(),
            () -> {
              LiquibaseThread started =
                  LiquibaseThread.start(() -> migrate(scene.database().url("working"), Map.of()));
              scene.probe().awaitUntil(() -> !waiting().isEmpty(), "Flyway waits");
              scene
                  .database()
                  .execute(
                      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'working'");
              return started;
            });

    assertThat(run.failure())
        .hasStackTraceContaining(
            "Flyway's own connection ended while the run waited for the advisory lock")
        .hasStackTraceContaining("57P01");
    scene.probe().awaitNothingLeft();
  }

  /** Agroal blames unwrap() for a connection that is held for long, if it was called on that. */
  @Test
  void shouldHoldAgroalsConnectionWithoutUnwrappingIt() throws SQLException {
    AtomicInteger leaks = new AtomicInteger();
    List<String> warnings = new CopyOnWriteArrayList<>();
    AgroalDataSourceListener listener =
        new AgroalDataSourceListener() {
          @Override
          public void onConnectionLeak(Connection connection, Thread thread) {
            leaks.incrementAndGet();
          }

          @Override
          public void onWarning(String message) {
            warnings.add(message);
          }
        };
    AgroalDataSourceConfigurationSupplier configuration =
        new AgroalDataSourceConfigurationSupplier()
            .connectionPoolConfiguration(
                pool ->
                    pool.maxSize(2)
                        .leakTimeout(Duration.ofMillis(100))
                        .enhancedLeakReport(true)
                        .connectionFactoryConfiguration(
                            factory ->
                                factory
                                    .jdbcUrl(scene.database().url())
                                    .principal(new NamePrincipal(scene.database().user()))
                                    .credential(new SimplePassword(scene.database().password()))));
    try (AgroalDataSource pool = AgroalDataSource.from(configuration, listener);
        HeldLock held =
            stage
                .lock(LockStage.ONCE)
                .acquire(LockSession.dedicated(pool::getConnection, LockStage.NAME))) {
      Await.until(() -> leaks.get() > 2, "Agroal reports the connection", warnings::toString);
      held.verify();
    }
    assertThat(warnings).noneMatch(warning -> warning.contains("unwrap"));
  }
}
