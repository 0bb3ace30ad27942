package io.github.advisorylock.it;

import io.github.advisorylock.flyway.AdvisoryLockConfigurationExtension;
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
  CONFIGURATION_MAP {
    @Override
    public Ending run(Run run) {
      return ending(
          () -> configure(run).configuration(run.settings(Tool.FLYWAY.settings())).load());
    }
  },

  EXTENSION_OBJECT {
    @Override
    @SuppressWarnings("deprecation") // its successors are not there in all supported releases
    public Ending run(Run run) throws Exception {
      FluentConfiguration flyway = configure(run);
      AdvisoryLockConfigurationExtension lock =
          flyway.getPluginRegister().getPlugin(AdvisoryLockConfigurationExtension.class);
      for (Map.Entry<String, String> setting : run.settings().entrySet()) {
        String name = setting.getKey();
        String setter = "set" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
        new Statement(lock, setter, new Object[] {setting.getValue()}).execute();
      }
      return ending(flyway::load);
    }
  },

  ENVIRONMENT {
    @Override
    public Ending run(Run run) {
      Rollout rollout = Rollout.of(Tool.FLYWAY, run.database(), SettingStage.migrations());
      run.variables(VARIABLE).forEach(rollout::environment);
      try (Replicas replicas = new Replicas()) {
        return Ending.of(replicas.start(rollout).go());
      }
    }
  },

  COMMAND_LINE {
    @Override
    public Ending run(Run run) {
      return shell(run, Map.of(), run.settings("-advisoryLock."));
    }
  },

  COMMAND_LINE_ENVIRONMENT {
    @Override
    public Ending run(Run run) {
      return shell(run, run.variables(VARIABLE), Map.of());
    }
  },

  CONF_FILE {
    @Override
    public Ending run(Run run) throws IOException {
      writeConf(run);
      return shell(run, Map.of(), Map.of());
    }
  },

  TOML_FLAT {
    @Override
    public Ending run(Run run) throws IOException {
      writeToml(run, "[flyway]", "advisoryLock.");
      return shell(run, Map.of(), Map.of());
    }
  },

  TOML_NESTED {
    @Override
    public Ending run(Run run) throws IOException {
      writeToml(run, "[flyway.advisoryLock]", "");
      return shell(run, Map.of(), Map.of());
    }
  },

  MAVEN_SYSTEM_PROPERTIES {
    @Override
    public Ending run(Run run) throws IOException {
      return new FlywayMavenProject(run).migrate(Map.of(), run.settings(Tool.FLYWAY.settings()));
    }
  },

  MAVEN_PROJECT_PROPERTIES {
    @Override
    public Ending run(Run run) throws IOException {
      return new FlywayMavenProject(run).migrate(run.settings(Tool.FLYWAY.settings()), Map.of());
    }
  },

  MAVEN_CONF_FILE {
    @Override
    public Ending run(Run run) throws IOException {
      writeConf(run);
      return new FlywayMavenProject(run).migrate(Map.of(), Map.of("flyway.configFiles", CONF));
    }
  };

  private static final String VARIABLE = "FLYWAY_ADVISORY_LOCK_";
  private static final String CONF = "flyway.conf";

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

  private static void writeConf(Run run) throws IOException {
    Files.write(
        run.folder().resolve(CONF),
        run.settings(Tool.FLYWAY.settings()).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue())
            .toList());
  }

  private static void writeToml(Run run, String table, String prefix) throws IOException {
    Stream<String> settings =
        run.settings(prefix).entrySet().stream()
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
        FlywayShell.install(run.folder().resolve("flyway"), AllJarIT.of(Tool.FLYWAY), "lib")
            .run(
                run.folder(),
                run.database(),
                run.database().owner(),
                environment,
                arguments.toArray(String[]::new)));
  }
}
