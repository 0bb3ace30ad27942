package io.github.advisorylock.it;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Logger;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.logging.LogService;
import liquibase.logging.core.JavaLogService;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.ui.ConsoleUIService;

/**
 * Liquibase in the test's own JVM, on one connection that stays open until the test closes it: what
 * a command leaves behind can be seen.
 */
final class LocalLiquibase implements AutoCloseable {

  static {
    System.setProperty("liquibase.analytics.enabled", "false");
  }

  private final Path folder;
  private final Connection connection;
  private final Database database;
  private final Map<String, Object> scopeValues = new HashMap<>();
  private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();

  private LocalLiquibase(Path folder, Connection connection, Database database) {
    this.folder = folder;
    this.connection = connection;
    this.database = database;
    scopeValues.put(Scope.Attr.logService.name(), logOfCommandLine());
  }

  /** By its parent, Liquibase's command line is known, which shows no log. */
  private static LogService logOfCommandLine() {
    JavaLogService log = new JavaLogService();
    log.setParent(Logger.getLogger("liquibase"));
    return log;
  }

  /** Liquibase on this connection, with changelogs from {@code folder}. */
  static LocalLiquibase on(Connection connection, Path folder) {
    try {
      return new LocalLiquibase(
          folder,
          connection,
          DatabaseFactory.getInstance()
              .findCorrectDatabaseImplementation(new JdbcConnection(connection)));
    } catch (LiquibaseException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A setting of the lock or of Liquibase, by its full name, for the runs to come. */
  LocalLiquibase with(String name, String value) {
    scopeValues.put(name, value);
    return this;
  }

  /** Where the log of the runs to come goes. */
  LocalLiquibase withLog(LogService log) {
    scopeValues.put(Scope.Attr.logService.name(), log);
    return this;
  }

  Database database() {
    return database;
  }

  Connection connection() {
    return connection;
  }

  /** The lock service that Liquibase would ask now. */
  LockService lockService() {
    return LockServiceFactory.getInstance().getLockService(database);
  }

  /** Runs something in a scope with the settings, and as any command line would show it. */
  void inScope(Scope.ScopedRunner<?> runner) throws Exception {
    ConsoleUIService ui = new ConsoleUIService();
    ui.setOutputStream(new PrintStream(messages, true, StandardCharsets.UTF_8));
    Map<String, Object> values = new HashMap<>(scopeValues);
    values.put(Scope.Attr.ui.name(), ui);
    values.put(Scope.Attr.resourceAccessor.name(), new DirectoryResourceAccessor(folder));
    Scope.child(values, runner);
  }

  void update() throws Exception {
    update(Map.of());
  }

  void update(Map<String, Object> arguments) throws Exception {
    Map<String, Object> all = new LinkedHashMap<>(arguments);
    all.putIfAbsent("changelogFile", Migrations.CHANGELOG);
    run("update", all);
  }

  /** Runs a command on the connection; what it prints is in {@link #output()}. */
  void run(String command, Map<String, Object> arguments) throws Exception {
    inScope(
        () -> {
          CommandScope scope = new CommandScope(command);
          scope.addArgumentValue("database", database);
          arguments.forEach(scope::addArgumentValue);
          scope.setOutput(output);
          scope.execute();
        });
  }

  /** What Liquibase and the lock have told the user. */
  String messages() {
    return messages.toString(StandardCharsets.UTF_8);
  }

  /** What the commands have put out, such as SQL. */
  String output() {
    return output.toString(StandardCharsets.UTF_8);
  }

  /** Closes the connection, and nothing else. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
