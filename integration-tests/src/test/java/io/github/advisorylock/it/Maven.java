package io.github.advisorylock.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The Maven that runs the tests. */
final class Maven {
  private Maven() {}

  static Path command() {
    return Path.of(System.getProperty("maven.home"), "bin", "mvn");
  }

  /** What it is told whatever it does. */
  static List<String> options(Path localRepository) {
    return List.of("-ntp", "-B", "-Dmaven.repo.local=" + localRepository);
  }

  /** The local repository of this build. */
  static Path localRepository() {
    return Path.of(System.getProperty("localRepository"));
  }

  /** Runs it on the project in a folder, with the local repository of this build. */
  static ChildProcess start(Path folder, List<String> arguments) {
    List<String> line = new ArrayList<>(List.of(command().toString()));
    line.addAll(options(localRepository()));
    line.addAll(arguments);
    return ChildProcess.start(folder, Map.of(), line);
  }
}
