package io.github.advisorylock.it;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A way to tell a tool its settings, each by its name without the tool's prefix. */
interface SettingChannel {

  /** How it writes them. */
  Spelling spelling();

  /** Runs the tool once, with the settings, over one migration that creates the table one. */
  Ending run(Run run) throws Exception;

  /** What the adapter is told if the tool is told the settings, as one run with a probe shows. */
  default Map<String, String> read(Run run) throws Exception {
    return SettingsProbe.in(run(run).said());
  }

  /**
   * What is to be run.
   *
   * @param command of the tool, where that is run in this JVM; elsewhere it migrates
   * @param folder for what the channel has to write
   * @param migrations where the one migration is, in the tool's language
   * @param jar the adapter, for tools that run elsewhere
   */
  record Run(
      String command,
      Database database,
      Path folder,
      Path migrations,
      Map<String, String> settings,
      Path jar) {

    /** The settings, such as {@code flyway.advisoryLock.timeout} for timeout. */
    Map<String, String> settings(Spelling spelling) {
      Map<String, String> spelled = new TreeMap<>();
      settings.forEach((name, value) -> spelled.put(spelling.of(name), value));
      return spelled;
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
