package io.github.advisorylock.it;

import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.visitor.AbstractChangeExecListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What tests of Liquibase in the test's own JVM play on. */
abstract class LocalLiquibaseScene {

  /** How the lock's settings begin. */
  static final String SETTINGS = "liquibase.advisoryLock.";

  /** The tables that are there. */
  static final String TABLES =
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";

  /** The changesets that have run. */
  static final String CHANGESETS = "SELECT id FROM databasechangelog ORDER BY orderexecuted";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private final List<LocalLiquibase> opened = new ArrayList<>();

  @AfterEach
  void closeConnections() {
    opened.forEach(LocalLiquibase::close);
  }

  /** Liquibase on a connection of its own, which is closed after the test. */
  final LocalLiquibase liquibase() {
    return liquibase(folder);
  }

  final LocalLiquibase liquibase(Path changelogs) {
    return liquibase(scene.database(), scene.database().owner(), changelogs);
  }

  final LocalLiquibase liquibaseAs(Login login) {
    return liquibase(scene.database(), login, folder);
  }

  final LocalLiquibase liquibase(Database database, Login login, Path changelogs) {
    LocalLiquibase liquibase = LocalLiquibase.on(connect(database, login), changelogs);
    opened.add(liquibase);
    return liquibase;
  }

  /** A session that {@link LockProbe#sessions()} shows. */
  private static Connection connect(Database database, Login login) {
    try {
      return DriverManager.getConnection(database.url("local"), login.user(), login.password());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The lock gets a connection of its own. */
  final LocalLiquibase withOwnLockSession(LocalLiquibase liquibase) {
    return liquibase
        .with(SETTINGS + "url", scene.database().url())
        .with(SETTINGS + "user", scene.database().user())
        .with(SETTINGS + "password", scene.database().password());
  }

  final void write(Migrations migrations) {
    migrations.writeTo(folder, Tool.LIQUIBASE);
  }

  /** A changelog with one changeset, 1, which creates the table one. */
  final void writeOne() {
    write(new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"));
  }

  /** The argument of an update that runs something after each changeset. */
  static Map<String, Object> afterAChangeset(LiquibaseThread.Task task) {
    return Map.of(
        "changeExecListener",
        new AbstractChangeExecListener() {
          @Override
          public void ran(
              ChangeSet changeSet,
              DatabaseChangeLog changeLog,
              liquibase.database.Database database,
              ChangeSet.ExecType execType) {
            try {
              task.run();
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });
  }

  final List<AdvisoryLockRow> locks() {
    return scene.probe().advisoryLocks();
  }

  /** Waits until some run of Liquibase waits for the lock. */
  final void awaitWaiter() {
    scene
        .probe()
        .awaitUntil(
            () ->
                scene.probe().sessions().stream()
                    .anyMatch(session -> session.application().startsWith("liquibase waits for")),
            "a run waits");
  }
}
