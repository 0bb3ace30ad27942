package io.github.advisorylock.it;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import liquibase.Scope;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.visitor.AbstractChangeExecListener;
import liquibase.command.CommandScope;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.parser.ChangeLogParserFactory;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.resource.ResourceAccessor;

/**
 * Runs Liquibase in a replica: over a URL as its command line does, or on a connection from a pool
 * as frameworks do.
 */
final class LiquibaseCommand implements ReplicaMain.ToolCommand {
  private final Map<String, String> instructions;
  private final List<String> applied = new CopyOnWriteArrayList<>();
  private Pool pool;

  LiquibaseCommand(Map<String, String> instructions) {
    this.instructions = instructions;
    System.setProperty("liquibase.analytics.enabled", "false");
    ReplicaMain.startingWith("setting.", instructions).forEach(System::setProperty);
  }

  @Override
  public void warmUp() throws Exception {
    ResourceAccessor resources = resources();
    DatabaseFactory.getInstance();
    ChangeLogParserFactory.getInstance()
        .getParser(changelog(), resources)
        .parse(changelog(), new ChangeLogParameters(), resources);
  }

  @Override
  public void run() throws Exception {
    Map<String, Object> values = new HashMap<>();
    values.put(Scope.Attr.resourceAccessor.name(), resources());
    if (instructions.containsKey("ownClassLoader")) {
      values.put(Scope.Attr.classLoader.name(), LiquibaseCommand.class.getClassLoader());
    }
    Scope.child(values, this::execute);
  }

  private void execute() throws Exception {
    CommandScope command = new CommandScope(instructions.get("command"));
    command.addArgumentValue("changelogFile", changelog());
    command.addArgumentValue("changeExecListener", new Recorder());
    ReplicaMain.startingWith("argument.", instructions).forEach(command::addArgumentValue);
    if (instructions.get("pool").equals("0")) {
      try {
        executeOverUrl(command);
      } finally {
        if (instructions.containsKey("finally")) {
          executeOverUrl(new CommandScope(instructions.get("finally")));
        }
      }
      return;
    }
    pool = Pool.open(instructions);
    try (Database database =
        DatabaseFactory.getInstance()
            .findCorrectDatabaseImplementation(
                new JdbcConnection(pool.dataSource().getConnection()))) {
      database.setDefaultSchemaName(System.getProperty("liquibase.command.defaultSchemaName"));
      command.addArgumentValue("database", database);
      command.execute();
    }
  }

  private void executeOverUrl(CommandScope command) throws Exception {
    command.addArgumentValue("url", instructions.get("url"));
    command.addArgumentValue("username", instructions.get("user"));
    command.addArgumentValue("password", instructions.get("password"));
    command.execute();
  }

  private String changelog() {
    return instructions.containsKey("chaos") ? ChaosChange.CHANGELOG : Migrations.CHANGELOG;
  }

  private ResourceAccessor resources() throws Exception {
    return new DirectoryResourceAccessor(Path.of(instructions.get("migrations")));
  }

  @Override
  public List<String> applied() {
    return applied;
  }

  @Override
  public int borrowed() {
    return pool == null ? 0 : pool.borrowed().getAsInt();
  }

  @Override
  public void closePool() throws Exception {
    if (pool != null) {
      pool.end().close();
    }
  }

  /** Notes which changesets this very replica ran, but for those that every replica runs. */
  private final class Recorder extends AbstractChangeExecListener {
    @Override
    public void ran(
        ChangeSet changeSet,
        DatabaseChangeLog changeLog,
        Database database,
        ChangeSet.ExecType execType) {
      if (!changeSet.isAlwaysRun()) {
        applied.add(changeSet.getId());
      }
    }

    @Override
    public void rolledBack(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database) {
      applied.add(changeSet.getId());
    }
  }
}
