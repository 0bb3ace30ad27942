package io.github.advisorylock.it;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.callback.Callback;

/**
 * Several runs of one tool at once, each on a thread of this JVM, over any URL. Quicker than {@link
 * Replicas}, for tests of many rounds.
 */
final class Runners implements AutoCloseable {
  private final Tool tool;
  private final String url;
  private final Login login;
  private final Path folder;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final List<Callback> flywayCallbacks = new ArrayList<>();
  private final List<LiquibaseThread> threads = new ArrayList<>();

  /** Runs that connect to {@code url}; {@code folder} is for their migrations. */
  Runners(Tool tool, String url, Login login, Path folder) {
    this.tool = tool;
    this.url = url;
    this.login = login;
    this.folder = folder;
  }

  /** Sets a setting of the lock, without the prefix, for the runs to come. */
  Runners with(String setting, String value) {
    settings.put(tool.settings() + setting, value);
    return this;
  }

  /** Gives the lock a connection of its own, straight to the server. */
  Runners withLockOn(Database database) {
    return with("url", database.url())
        .with("user", database.user())
        .with("password", database.password());
  }

  /** A callback for the runs of Flyway to come. */
  Runners with(Callback flywayCallback) {
    flywayCallbacks.add(flywayCallback);
    return this;
  }

  /** Starts {@code count} runs, each with what {@code migrations} has for its number, from 1 on. */
  void start(int count, IntFunction<Migrations> migrations) {
    List<LiquibaseThread.Task> tasks = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      Path own = folder.resolve("runner-" + number);
      migrations.apply(number).writeTo(own, tool);
      tasks.add(tool == Tool.FLYWAY ? flyway(own)::migrate : () -> updateWithLiquibase(own));
    }
    tasks.forEach(task -> threads.add(LiquibaseThread.start(task)));
  }

  void start(int count, Migrations migrations) {
    start(count, number -> migrations);
  }

  /** Waits for all that were started; how each failed, if it did. */
  List<String> failures() throws InterruptedException {
    List<String> failures = new ArrayList<>();
    for (LiquibaseThread thread : threads) {
      Throwable failure = thread.failure();
      if (failure != null) {
        failures.add(ReplicaMain.messages(failure));
      }
    }
    threads.clear();
    return failures;
  }

  private Flyway flyway(Path migrations) {
    return Flyway.configure()
        .dataSource(url, login.user(), login.password())
        .locations("filesystem:" + migrations)
        .callbacks(flywayCallbacks.toArray(Callback[]::new))
        .configuration(settings)
        .load();
  }

  /** Connects on the run's own thread: Liquibase begins a transaction as soon as it is there. */
  private void updateWithLiquibase(Path changelogs) throws Exception {
    try (LocalLiquibase liquibase =
        LocalLiquibase.on(
            DriverManager.getConnection(url, login.user(), login.password()), changelogs)) {
      settings.forEach(liquibase::with);
      liquibase.update();
    }
  }

  /** Interrupts what still runs. */
  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
  }
}
