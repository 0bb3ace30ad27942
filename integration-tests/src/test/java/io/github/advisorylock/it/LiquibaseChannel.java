package io.github.advisorylock.it;

import io.github.advisorylock.liquibase.LiquibaseSettingsProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.resource.DirectoryResourceAccessor;

/** Every way to tell Liquibase its settings without a framework. */
enum LiquibaseChannel implements SettingChannel {
  SYSTEM_PROPERTIES(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws Exception {
      return with(run, () -> ending(run));
    }

    @Override
    public Map<String, String> read(Run run) throws Exception {
      return with(run, LiquibaseSettingsProbe::read);
    }

    private <T> T with(Run run, Callable<T> action) throws Exception {
      Map<String, String> settings = run.settings(spelling());
      settings.forEach(System::setProperty);
      try {
        return action.call();
      } finally {
        settings.keySet().forEach(System::clearProperty);
      }
    }
  },

  SCOPE(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws Exception {
      return Scope.child(values(run), () -> ending(run));
    }

    @Override
    public Map<String, String> read(Run run) throws Exception {
      return Scope.child(values(run), () -> LiquibaseSettingsProbe.read());
    }

    private Map<String, Object> values(Run run) {
      return Map.copyOf(run.settings(spelling()));
    }
  },

  ENVIRONMENT(Spelling.LIQUIBASE_VARIABLE) {
    @Override
    public Ending run(Run run) {
      Rollout rollout =
          Rollout.of(Tool.LIQUIBASE, run.database(), SettingStage.migrations()).withJar(run.jar());
      run.settings(spelling()).forEach(rollout::environment);
      try (Replicas replicas = new Replicas()) {
        return Ending.of(replicas.start(rollout).go());
      }
    }
  },

  COMMAND_LINE(Spelling.LIQUIBASE_OPTION) {
    @Override
    public Ending run(Run run) {
      List<String> options = new ArrayList<>();
      run.settings(spelling()).forEach((option, value) -> options.add(option + "=" + value));
      return update(run, Map.of(), options);
    }
  },

  COMMAND_LINE_ENVIRONMENT(Spelling.LIQUIBASE_VARIABLE) {
    @Override
    public Ending run(Run run) {
      return update(run, run.settings(spelling()), List.of());
    }
  },

  PROPERTIES_FILE(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      write(run.migrations().resolve("liquibase.properties"), run, spelling());
      return update(run, Map.of(), List.of());
    }
  },

  DEFAULTS_FILE(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      write(run.migrations().resolve(DEFAULTS), run, spelling());
      return update(run, Map.of(), List.of("--defaults-file=" + DEFAULTS));
    }
  },

  MAVEN_SYSTEM_PROPERTIES(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      return new MavenProject(Tool.LIQUIBASE, run).migrate(Map.of(), run.settings(spelling()));
    }
  },

  MAVEN_PROPERTY_FILE(Spelling.LIQUIBASE_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      write(run.folder().resolve(DEFAULTS), run, spelling());
      return new MavenProject(Tool.LIQUIBASE, run)
          .migrate(Map.of(), Map.of("liquibase.propertyFile", DEFAULTS));
    }
  };

  private static final String DEFAULTS = "lock.properties";

  private final Spelling spelling;

  LiquibaseChannel(Spelling spelling) {
    this.spelling = spelling;
  }

  @Override
  public Spelling spelling() {
    return spelling;
  }

  private static void write(Path file, Run run, Spelling spelling) throws IOException {
    Files.write(
        file,
        run.settings(spelling).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue())
            .toList());
  }

  private static Ending ending(Run run) {
    try {
      return update(run);
    } catch (Exception e) {
      return Ending.of(e);
    }
  }

  private static Ending update(Run run) throws Exception {
    Scope.child(
        Map.of(Scope.Attr.resourceAccessor.name(), new DirectoryResourceAccessor(run.migrations())),
        () -> {
          CommandScope command = new CommandScope(run.command());
          if (run.command().equals(Tool.LIQUIBASE.migrateCommand())) {
            command.addArgumentValue("changelogFile", Migrations.CHANGELOG);
          }
          command.addArgumentValue("url", run.database().url());
          command.addArgumentValue("username", run.database().user());
          command.addArgumentValue("password", run.database().password());
          command.execute();
        });
    return new Ending(true, "");
  }

  private static Ending update(Run run, Map<String, String> environment, List<String> options) {
    List<String> arguments = new ArrayList<>(options);
    arguments.add("update");
    return Ending.of(
        LiquibaseShell.run(
            run.jar(),
            run.migrations(),
            run.database(),
            run.database().owner(),
            environment,
            arguments.toArray(String[]::new)));
  }
}
