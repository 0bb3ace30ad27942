package io.github.advisorylock.it;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.resource.DirectoryResourceAccessor;

/** Every way to tell Liquibase its settings without a framework. */
enum LiquibaseChannel implements SettingChannel {
  SYSTEM_PROPERTIES {
    @Override
    public Ending run(Run run) throws Exception {
      Map<String, String> settings = run.settings(Tool.LIQUIBASE.settings());
      settings.forEach(System::setProperty);
      try {
        return update(run);
      } catch (Exception e) {
        return Ending.of(e);
      } finally {
        settings.keySet().forEach(System::clearProperty);
      }
    }
  },

  ENVIRONMENT {
    @Override
    public Ending run(Run run) {
      Rollout rollout = Rollout.of(Tool.LIQUIBASE, run.database(), SettingStage.migrations());
      run.variables(VARIABLE).forEach(rollout::environment);
      try (Replicas replicas = new Replicas()) {
        return Ending.of(replicas.start(rollout).go());
      }
    }
  },

  COMMAND_LINE {
    @Override
    public Ending run(Run run) {
      List<String> options = new ArrayList<>();
      run.settings()
          .forEach(
              (name, value) ->
                  options.add(
                      "--advisory-lock-%s=%s"
                          .formatted(
                              name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT), value)));
      return update(run, Map.of(), options);
    }
  },

  COMMAND_LINE_ENVIRONMENT {
    @Override
    public Ending run(Run run) {
      return update(run, run.variables(VARIABLE), List.of());
    }
  },

  PROPERTIES_FILE {
    @Override
    public Ending run(Run run) throws IOException {
      Files.write(
          run.migrations().resolve("liquibase.properties"),
          run.settings(Tool.LIQUIBASE.settings()).entrySet().stream()
              .map(setting -> setting.getKey() + "=" + setting.getValue())
              .toList());
      return update(run, Map.of(), List.of());
    }
  };

  private static final String VARIABLE = "LIQUIBASE_ADVISORY_LOCK_";

  private static Ending update(Run run) throws Exception {
    Scope.child(
        Map.of(Scope.Attr.resourceAccessor.name(), new DirectoryResourceAccessor(run.migrations())),
        () -> {
          CommandScope command = new CommandScope("update");
          command.addArgumentValue("changelogFile", Migrations.CHANGELOG);
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
            run.migrations(),
            run.database(),
            run.database().owner(),
            environment,
            arguments.toArray(String[]::new)));
  }
}
