package io.github.advisorylock.it;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.ForwardingListener;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.LogLines;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SettingReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/** Who runs in hostile surroundings. */
enum HostileRun {
  FLYWAY {
    @Override
    void on(HostileStage stage) {
      flyway(stage, stage.settings());
    }
  },

  /** With a connection for the lock alone, as another role. */
  FLYWAY_WITH_URL {
    @Override
    void on(HostileStage stage) {
      flyway(stage, withUrl(stage));
    }
  },

  LIQUIBASE {
    @Override
    void on(HostileStage stage) throws Exception {
      liquibase(stage, stage.settings()).update();
    }
  },

  /** With a connection for the lock alone, as another role. */
  LIQUIBASE_WITH_URL {
    @Override
    void on(HostileStage stage) throws Exception {
      liquibase(stage, withUrl(stage)).update();
    }
  },

  RELEASE_LOCKS {
    @Override
    void on(HostileStage stage) throws Exception {
      liquibase(stage, stage.settings()).run("releaseLocks", Map.of());
    }
  },

  /** The lock itself, on a session of its own. */
  CORE {
    @Override
    void on(HostileStage stage) throws Exception {
      core(stage, LockSession.dedicated(stage::connect, "core"));
    }
  },

  /** The lock itself, on somebody else's connection. */
  CORE_BORROWED {
    @Override
    void on(HostileStage stage) throws Exception {
      Connection connection = stage.connect();
      stage.closeAtEnd(connection::close);
      core(stage, LockSession.borrowed(connection, "core"));
    }
  };

  abstract void on(HostileStage stage) throws Exception;

  private static Map<String, String> withUrl(HostileStage stage) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("url", stage.url());
    settings.put("user", stage.lockLogin().user());
    settings.put("password", stage.lockLogin().password());
    settings.putAll(stage.settings());
    return settings;
  }

  private static Map<String, String> prefixed(Tool tool, Map<String, String> settings) {
    Map<String, String> prefixed = new LinkedHashMap<>();
    settings.forEach((name, value) -> prefixed.put(tool.settings() + name, value));
    return prefixed;
  }

  private static void flyway(HostileStage stage, Map<String, String> settings) {
    stage.migrations().writeTo(stage.folder(), Tool.FLYWAY);
    PGSimpleDataSource dataSource =
        new PGSimpleDataSource() {
          private static final long serialVersionUID = 1L;

          @Override
          public Connection getConnection() throws SQLException {
            return stage.connect();
          }
        };
    stage.transcript().listenToFlyway();
    Flyway.configure()
        .dataSource(dataSource)
        .locations("filesystem:" + stage.folder())
        .baselineOnMigrate(true) // what makes life hard may be in the schema
        .baselineVersion("0")
        .loggers(Transcript.ForFlyway.class.getName())
        .configuration(prefixed(Tool.FLYWAY, settings))
        .load()
        .migrate();
  }

  private static LocalLiquibase liquibase(HostileStage stage, Map<String, String> settings)
      throws SQLException {
    stage.migrations().writeTo(stage.folder(), Tool.LIQUIBASE);
    LocalLiquibase liquibase = LocalLiquibase.on(stage.connect(), stage.folder());
    stage.closeAtEnd(liquibase::close);
    stage.closeAtEnd(() -> stage.transcript().add(liquibase.messages()));
    prefixed(Tool.LIQUIBASE, settings).forEach(liquibase::with);
    return liquibase.withLog(stage.transcript().ofLiquibase());
  }

  private static void core(HostileStage stage, LockSession session) throws Exception {
    LockSettings settings =
        LockSettings.read(new SettingReader("", stage.settings()::get), RetryPolicy.DEFAULT);
    stage.transcript().add(settings.toString());
    AdvisoryLock lock =
        new AdvisoryLock(settings.keyFor(() -> "public"), settings.retry(), listener(stage));
    try (HeldLock held = lock.acquire(session)) {
      stage.execute("CREATE TABLE one AS SELECT '" + held.key() + "' AS names");
      stage.transcript().add("Holding");
    }
  }

  private static LockListener listener(HostileStage stage) {
    Transcript transcript = stage.transcript();
    LogLines lines = new LogLines(transcript::add, transcript::add, transcript::add);
    LockListener users = stage.listener();
    return new ForwardingListener() {
      @Override
      protected void forward(Consumer<LockListener> event) {
        event.accept(lines);
        event.accept(users);
      }
    };
  }
}
