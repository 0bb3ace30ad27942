package io.github.advisorylock.it;

import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/** Runs Flyway in a replica, the way an application does. */
final class FlywayCommand implements ReplicaMain.ToolCommand {
  private final Map<String, String> instructions;
  private List<String> applied = List.of();
  private Pool pool;

  FlywayCommand(Map<String, String> instructions) {
    this.instructions = instructions;
  }

  @Override
  public void warmUp() {
    configure().load();
  }

  @Override
  public void run() throws Exception {
    FluentConfiguration configuration = configure();
    if (!instructions.get("pool").equals("0")) {
      pool = Pool.open(instructions);
      configuration.dataSource(pool.dataSource());
    }
    Flyway flyway = configuration.load();
    String command = instructions.get("command");
    switch (command) {
      case "migrate" -> applied = migrate(flyway);
      case "clean" -> flyway.clean();
      case "baseline" -> flyway.baseline();
      case "repair" -> flyway.repair();
      case "undo" -> flyway.undo();
      case "validate" -> flyway.validate();
      case "info" -> flyway.info();
      default -> throw new IllegalArgumentException("No Flyway command: " + command);
    }
  }

  private static List<String> migrate(Flyway flyway) {
    return flyway.migrate().migrations.stream()
        .map(migration -> migration.version)
        .filter(version -> !version.isEmpty())
        .toList();
  }

  private FluentConfiguration configure() {
    FluentConfiguration configuration =
        instructions.containsKey("ownClassLoader")
            ? Flyway.configure(FlywayCommand.class.getClassLoader())
            : Flyway.configure();
    if (instructions.containsKey("chaos")) {
      configuration.javaMigrations(ChaosMigration.all());
    }
    return configuration
        .envVars()
        .locations("filesystem:" + instructions.get("migrations"))
        .dataSource(instructions.get("url"), instructions.get("user"), instructions.get("password"))
        .configuration(ReplicaMain.startingWith("setting.", instructions));
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
}
