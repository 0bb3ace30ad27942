package io.github.advisorylock.it;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A way to tell a tool its settings, each by its name without the tool's prefix. */
interface SettingChannel {

  /** Runs the tool once, with the settings, over one migration that creates the table one. */
  Ending run(Run run) throws Exception;

  /**
   * What is to be run.
   *
   * @param folder empty, for what the channel has to write
   * @param migrations where the one migration is, in the tool's language
   */
  record Run(Database database, Path folder, Path migrations, Map<String, String> settings) {

    /** The settings with all of their name, such as {@code flyway.advisoryLock.timeout}. */
    Map<String, String> settings(String prefix) {
      Map<String, String> prefixed = new TreeMap<>();
      settings.forEach((name, value) -> prefixed.put(prefix + name, value));
      return prefixed;
    }

    /** The settings as environment variables: {@code …_MAX_ATTEMPTS} for maxAttempts. */
    Map<String, String> variables(String prefix) {
      Map<String, String> variables = new LinkedHashMap<>();
      settings.forEach(
          (name, value) ->
              variables.put(
                  prefix + name.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT), value));
      return variables;
    }
  }

  /**
   * How the run ended.
   *
   * @param ok whether the tool said that all went well
   * @param said all that the tool said to whoever started it, and the messages of what it threw
   */
  record Ending(boolean ok, String said) {
    static Ending of(ChildProcess process) {
      try (process) {
        return new Ending(process.exitStatus() == 0, process.output());
      }
    }

    static Ending of(Replica replica) {
      Outcome outcome = replica.outcome();
      return new Ending(outcome.ok(), String.join("\n", replica.log()) + "\n" + outcome.message());
    }

    /** The run's own messages, those of all causes included. */
    static Ending of(Throwable failure) {
      return new Ending(false, ReplicaMain.messages(failure));
    }
  }
}
