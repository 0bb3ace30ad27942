package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** {@code java -jar advisory-lock-cli.jar}, as somebody who knows a login runs it. */
final class CommandShell {

  /** What a run came to, for which nobody sat at a terminal. */
  record Answer(int status, String out, String err) {}

  private final Path folder;
  private final String url;
  private final Login login;

  CommandShell(Path folder, String url, Login login) {
    this.folder = folder;
    this.url = url;
    this.login = login;
  }

  static Path jar() {
    return Path.of(
        Objects.requireNonNull(
            System.getProperty("commandJar"), "-DcommandJar is not set: run with Maven"));
  }

  /** Runs to its end, and never says the password. */
  Answer run(String... arguments) {
    try {
      Path errors = Files.createTempFile(folder, "errors", ".txt");
      try (ChildProcess process = ChildProcess.start(folder, password(), line(arguments), errors)) {
        int status = process.exitStatus();
        Answer answer = new Answer(status, process.output(), Files.readString(errors).strip());
        assertThat(answer.toString()).doesNotContain(login.password());
        return answer;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs it meanwhile. */
  ChildProcess start(String... arguments) {
    return ChildProcess.start(folder, password(), line(arguments));
  }

  /** Runs it where somebody can be asked, perhaps also for the password. */
  TerminalProcess onTerminal(boolean knowsPassword, String... arguments) {
    return TerminalProcess.start(folder, knowsPassword ? password() : Map.of(), line(arguments));
  }

  private Map<String, String> password() {
    return Map.of("PGPASSWORD", login.password());
  }

  private List<String> line(String... arguments) {
    // in English: of what the driver says
    List<String> line = ChildProcess.java("-Duser.language=en", "-jar", jar().toString());
    line.addAll(List.of(arguments));
    line.addAll(List.of("--url", url, "--user", login.user()));
    return line;
  }
}
