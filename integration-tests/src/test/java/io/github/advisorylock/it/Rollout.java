package io.github.advisorylock.it;

import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What replicas of one service do when they start: which tool runs which command over which
 * migrations, with which settings, and whether the advisory lock is on their class path. Each
 * method changes this rollout and returns it; {@link Replicas} takes it as it is when they start.
 */
final class Rollout {
  private final Tool tool;
  private final Database database;
  private final Migrations migrations;
  private final boolean hasLock;
  private final Map<String, String> arguments = new LinkedHashMap<>();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, String> environment = new LinkedHashMap<>();
  private String classPath;
  private String command;
  private String lastCommand;
  private Login login;
  private int poolSize;
  private PoolLibrary pool = PoolLibrary.HIKARI;
  private List<String> launcher = List.of();
  private Function<String, String> url;

  private Rollout(
      Tool tool, Database database, Migrations migrations, String classPath, boolean hasLock) {
    this.tool = tool;
    this.database = database;
    this.migrations = migrations;
    this.classPath = classPath;
    this.hasLock = hasLock;
    this.command = tool.migrateCommand();
    this.login = database.owner();
    this.url = database::url;
  }

  /**
   * A rollout with the adapter under test, as found on the class path of the tests. {@code
   * -Dreplicas.wakeUp=false} has all of them go without wake-up, to see that nothing depends on it.
   */
  static Rollout of(Tool tool, Database database, Migrations migrations) {
    return new Rollout(tool, database, migrations, ReplicaClassPath.withLock(tool), true);
  }

  /** The control: the tool as it comes. */
  static Rollout stock(Tool tool, Database database, Migrations migrations) {
    return new Rollout(tool, database, migrations, ReplicaClassPath.withoutLock(tool), false);
  }

  /** Replaces the adapter by one jar, such as the one that is released with classifier all. */
  Rollout withJar(Path jar) {
    classPath = ReplicaClassPath.withJar(tool, jar);
    return this;
  }

  /** Adds a jar to the class path. */
  Rollout alsoWith(Path jar) {
    classPath += File.pathSeparator + jar.toAbsolutePath();
    return this;
  }

  /** Replaces the whole class path, such as by one jar that has everything in it. */
  Rollout withClassPath(String classPath) {
    this.classPath = classPath;
    return this;
  }

  /** Another command than migrate or update: {@code repair}, {@code rollbackCount}, … */
  Rollout command(String command) {
    this.command = command;
    return this;
  }

  /** A Liquibase command in the end, as in a finally block; without a pool. */
  Rollout andFinally(String command) {
    lastCommand = command;
    return this;
  }

  /**
   * An argument of a Liquibase command: {@code command("rollbackCount").argument("count", "1")}.
   */
  Rollout argument(String name, String value) {
    arguments.put(name, value);
    return this;
  }

  /** A full key of the tool: for Flyway's configuration(Map), or a system property of Liquibase. */
  Rollout setting(String key, String value) {
    settings.put(key, value);
    return this;
  }

  /** An environment variable of the replica; Flyway is told to read them. */
  Rollout environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** A history table of its own, as each of several services in one database has it. */
  Rollout historyTable(String table) {
    return tool == Tool.FLYWAY
        ? setting("flyway.table", table)
        : setting("liquibase.databaseChangelogTableName", table);
  }

  /** The default schema, which Flyway creates and Liquibase expects. */
  Rollout schema(String schema) {
    return tool == Tool.FLYWAY
        ? setting("flyway.defaultSchema", schema)
        : setting("liquibase.command.defaultSchemaName", schema);
  }

  Rollout login(Login login) {
    this.login = login;
    return this;
  }

  /** Gives the tool a Hikari pool of this size instead of the URL. */
  Rollout pool(int size) {
    return pool(PoolLibrary.HIKARI, size);
  }

  /** Gives the tool such a pool of this size instead of the URL. */
  Rollout pool(PoolLibrary library, int size) {
    pool = library;
    poolSize = size;
    return this;
  }

  /** On a host of their own, which can vanish. */
  Rollout on(VanishingHost host) {
    launcher = host.launcher();
    url = replica -> database.url(replica, host.wayTo(database.address()));
    return this;
  }

  Tool tool() {
    return tool;
  }

  Migrations migrations() {
    return migrations;
  }

  String classPath() {
    return classPath;
  }

  Map<String, String> environment() {
    return environment;
  }

  /** What the command that starts a replica begins with. */
  List<String> launcher() {
    return launcher;
  }

  /** What {@link ReplicaMain} is told, as {@code name=value}. */
  Map<String, String> instructions(String replica, Path folder) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("tool", tool.name());
    all.put("command", command);
    if (lastCommand != null) {
      all.put("finally", lastCommand);
    }
    all.put("url", url.apply(replica));
    all.put("user", login.user());
    all.put("password", login.password());
    all.put("migrations", folder.toString());
    all.put("pool", Integer.toString(poolSize));
    all.put("pool.library", pool.name());
    arguments.forEach((name, value) -> all.put("argument." + name, value));
    String wakeUp = System.getProperty("replicas.wakeUp");
    if (wakeUp != null && hasLock) {
      all.put("setting." + tool.settings() + "wakeUp", wakeUp);
    }
    settings.forEach((key, value) -> all.put("setting." + key, value));
    return all;
  }
}
