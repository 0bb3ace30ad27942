package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a setting is proven: one tool that is told through one channel, and one database. */
record SettingStage(Tool tool, Database database, SettingChannel channel, Path folder) {

  private static final Pattern TRIES = Pattern.compile("Gave up on .* \\((\\d+) (try|tries) in");

  static Migrations migrations() {
    return new Migrations()
        .versioned(
            "1",
            "one",
            "CREATE TABLE one AS SELECT count(*) AS locks,"
                + " current_setting('lock_timeout') AS lock_timeout,"
                + " current_setting('statement_timeout') AS statement_timeout FROM pg_locks"
                + " WHERE locktype = 'advisory' AND pid = pg_backend_pid()");
  }

  <T> T whileHeld(LockKey key, Callable<T> action) throws Exception {
    return KeyHolder.whileHeld(key, database, action);
  }

  Ending run(String... namesAndValues) throws Exception {
    return run(migrations(), namesAndValues);
  }

  /** Runs for more than two seconds, with a lock session of its own in both tools. */
  Ending runSlowly(String... namesAndValues) throws Exception {
    List<String> all = new ArrayList<>(List.of(namesAndValues));
    Login login = database.owner();
    all.addAll(List.of("url", database.url(), "user", login.user(), "password", login.password()));
    return run(
        migrations()
            .versioned(
                "2",
                "slow",
                "SELECT pg_sleep(2)",
                "CREATE TABLE slow AS SELECT count(*) AS beats FROM pg_stat_activity"
                    + " WHERE application_name LIKE '% holds %'"
                    + " AND state_change > now() + interval '200ms'"),
        all.toArray(String[]::new));
  }

  /** How many sessions wait to be woken up while the tool waits for the lock; it gets it then. */
  long listenersOfWaiting(String... namesAndValues) throws Exception {
    LockProbe probe = new LockProbe(database);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      AtomicReference<Future<Ending>> running = new AtomicReference<>();
      long listeners =
          whileHeld(
              LockKey.MIGRATION,
              () -> {
                running.set(other.submit(() -> run(namesAndValues)));
                probe.awaitUntil(
                    () ->
                        probe.sessions().stream().anyMatch(s -> s.application().contains("waits")),
                    "the tool waits");
                return (long) probe.holders(LockKey.MIGRATION.forWaiting().value()).size();
              });
      assertThat(running.get().get().ok()).isTrue();
      return listeners;
    } finally {
      other.shutdownNow();
    }
  }

  boolean sawHeartbeat() {
    return database.count("SELECT beats FROM slow") > 0;
  }

  /** Whether the row of Liquibase's own lock was updated, and so is not where it was inserted. */
  boolean hasUsedTableLock() {
    return database.count("SELECT count(*) FROM databasechangeloglock WHERE ctid <> '(0,1)'") == 1;
  }

  private Ending run(Migrations migrations, String... namesAndValues) throws Exception {
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return channel.run(of(migrations, settings, AllJarIT.of(tool)));
  }

  /** What the adapter is told in this channel. */
  Map<String, String> read(Map<String, String> settings) throws Exception {
    Files.createDirectories(folder);
    return channel.read(of(migrations(), settings, SettingsProbe.jar(tool, folder)));
  }

  /** Whether a session that holds the key still does so when Liquibase was told to release it. */
  boolean holdsAfterReleaseLocks(String name, String value) throws Exception {
    try (Connection holder = database.connect();
        Statement statement = holder.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(" + LockKey.MIGRATION.value() + ")");
      Ending ending =
          channel.run(of("releaseLocks", migrations(), Map.of(name, value), AllJarIT.of(tool)));
      assertThat(ending.ok()).as(ending.said()).isTrue();
      return !new LockProbe(database).holders(LockKey.MIGRATION.value()).isEmpty();
    }
  }

  private SettingChannel.Run of(Migrations migrations, Map<String, String> settings, Path jar) {
    return of(tool.migrateCommand(), migrations, settings, jar);
  }

  private SettingChannel.Run of(
      String command, Migrations migrations, Map<String, String> settings, Path jar) {
    Path scripts = folder.resolve("sql");
    migrations.writeTo(scripts, tool);
    return new SettingChannel.Run(command, database, folder, scripts, settings, jar);
  }

  /** Runs and fails; what was said. */
  String refusal(String... namesAndValues) throws Exception {
    Ending ending = run(namesAndValues);
    assertThat(ending.ok()).as(ending.said()).isFalse();
    assertThat(isMigrated()).isFalse();
    return ending.said();
  }

  /** Runs in vain, since somebody has the lock; how often it was tried. */
  int tries(String... namesAndValues) throws Exception {
    return triesIn(whileHeld(LockKey.MIGRATION, () -> refusal(namesAndValues)));
  }

  /** How often the lock was tried, by what was said in the end. */
  int triesIn(String said) {
    Matcher tries = TRIES.matcher(said);
    assertThat(tries.find()).as(said).isTrue();
    return Integer.parseInt(tries.group(1));
  }

  boolean isMigrated() {
    return database.count("SELECT count(*) FROM pg_class WHERE relname = 'one'") == 1;
  }

  /** What the server's setting was in the session that did the migration. */
  String settingOfWorkingSession(String name) {
    return database.list("SELECT " + name + " FROM one").get(0);
  }

  /** Advisory locks that the session had that did the migration. */
  long locksOfWorkingSession() {
    return database.count("SELECT locks FROM one");
  }
}
