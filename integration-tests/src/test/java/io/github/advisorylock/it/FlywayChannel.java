package io.github.advisorylock.it;

import io.github.advisorylock.flyway.AdvisoryLockConfigurationExtension;
import io.github.advisorylock.flyway.FlywaySettingsProbe;
import java.beans.Statement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/**
 * Every way to tell Flyway its settings without a framework. Those of the command line run on the
 * release that is on Maven Central as an archive, those of Maven on a late plugin that is there.
 */
enum FlywayChannel implements SettingChannel {
  CONFIGURATION_MAP(Spelling.FLYWAY_PROPERTY) {
    @Override
    public Ending run(Run run) {
      return ending(() -> configured(run).load());
    }

    @Override
    public Map<String, String> read(Run run) {
      return FlywaySettingsProbe.read(configured(run).load().getConfiguration());
    }

    private FluentConfiguration configured(Run run) {
      return configure(run).configuration(run.settings(spelling()));
    }
  },

  EXTENSION_OBJECT(Spelling.FLYWAY_SETTER) {
    @Override
    public Ending run(Run run) throws Exception {
      return ending(configured(run)::load);
    }

    @Override
    public Map<String, String> read(Run run) throws Exception {
      return FlywaySettingsProbe.read(configured(run).load().getConfiguration());
    }

    @SuppressWarnings("deprecation") // its successors are not there in all supported releases
    private FluentConfiguration configured(Run run) throws Exception {
      FluentConfiguration flyway = configure(run);
      AdvisoryLockConfigurationExtension lock =
          flyway.getPluginRegister().getPlugin(AdvisoryLockConfigurationExtension.class);
      for (Map.Entry<String, String> call : run.settings(spelling()).entrySet()) {
        new Statement(lock, call.getKey(), new Object[] {call.getValue()}).execute();
      }
      return flyway;
    }
  },

  ENVIRONMENT(Spelling.FLYWAY_VARIABLE) {
    @Override
    public Ending run(Run run) {
      Rollout rollout =
          Rollout.of(Tool.FLYWAY, run.database(), SettingStage.migrations()).withJar(run.jar());
      run.settings(spelling()).forEach(rollout::environment);
      try (Replicas replicas = new Replicas()) {
        return Ending.of(replicas.start(rollout).go());
      }
    }
  },

  COMMAND_LINE(Spelling.FLYWAY_OPTION) {
    @Override
    public Ending run(Run run) {
      return shell(run, Map.of(), run.settings(spelling()));
    }
  },

  COMMAND_LINE_ENVIRONMENT(Spelling.FLYWAY_VARIABLE) {
    @Override
    public Ending run(Run run) {
      return shell(run, run.settings(spelling()), Map.of());
    }
  },

  CONF_FILE(Spelling.FLYWAY_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      writeConf(run, spelling());
      return shell(run, Map.of(), Map.of());
    }
  },

  TOML_FLAT(Spelling.FLYWAY_TOML) {
    @Override
    public Ending run(Run run) throws IOException {
      writeToml(run, "[flyway]", spelling());
      return shell(run, Map.of(), Map.of());
    }
  },

  TOML_NESTED(Spelling.FLYWAY_TOML_TABLE) {
    @Override
    public Ending run(Run run) throws IOException {
      writeToml(run, "[flyway.advisoryLock]", spelling());
      return shell(run, Map.of(), Map.of());
    }
  },

  MAVEN_SYSTEM_PROPERTIES(Spelling.FLYWAY_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      return new MavenProject(Tool.FLYWAY, run).migrate(Map.of(), run.settings(spelling()));
    }
  },

  MAVEN_PROJECT_PROPERTIES(Spelling.FLYWAY_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      return new MavenProject(Tool.FLYWAY, run).migrate(run.settings(spelling()), Map.of());
    }
  },

  MAVEN_CONF_FILE(Spelling.FLYWAY_PROPERTY) {
    @Override
    public Ending run(Run run) throws IOException {
      writeConf(run, spelling());
      return new MavenProject(Tool.FLYWAY, run)
          .migrate(Map.of(), Map.of("flyway.configFiles", CONF));
    }
  };

  private static final String CONF = "flyway.conf";

  private final Spelling spelling;

  FlywayChannel(Spelling spelling) {
    this.spelling = spelling;
  }

  @Override
  public Spelling spelling() {
    return spelling;
  }

  /** Runs on any URL, in this process. */
  static Ending run(String url, Login login, Path migrations, Map<String, String> settings) {
    return ending(() -> configure(url, login, migrations).configuration(settings).load());
  }

  private static FluentConfiguration configure(Run run) {
    return configure(run.database().url(), run.database().owner(), run.migrations());
  }

  private static FluentConfiguration configure(String url, Login login, Path migrations) {
    return Flyway.configure()
        .dataSource(url, login.user(), login.password())
        .locations("filesystem:" + migrations);
  }

  private static Ending ending(Supplier<Flyway> flyway) {
    try {
      flyway.get().migrate();
      return new Ending(true, "");
    } catch (RuntimeException e) {
      return Ending.of(e);
    }
  }

  private static void writeConf(Run run, Spelling spelling) throws IOException {
    Files.write(
        run.folder().resolve(CONF),
        run.settings(spelling).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue())
            .toList());
  }

  private static void writeToml(Run run, String table, Spelling spelling) throws IOException {
    Stream<String> settings =
        run.settings(spelling).entrySet().stream()
            .map(setting -> "%s = \"%s\"".formatted(setting.getKey(), setting.getValue()));
    Files.write(
        run.folder().resolve("flyway.toml"), Stream.concat(Stream.of(table), settings).toList());
  }

  private static Ending shell(
      Run run, Map<String, String> environment, Map<String, String> options) {
    List<String> arguments = new ArrayList<>();
    options.forEach((option, value) -> arguments.add(option + "=" + value));
    arguments.add("migrate");
    return Ending.of(
        FlywayShell.install(run.folder().resolve("flyway"), run.jar(), "lib")
            .run(
                run.folder(),
                run.database(),
                run.database().owner(),
                environment,
                arguments.toArray(String[]::new)));
  }
}
