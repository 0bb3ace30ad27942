package io.github.advisorylock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a command line before any database is touched: nobody listens at that port. */
class CommandLineTest {

  private static final String NOBODY = "jdbc:postgresql://localhost:1/app";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
  }

  private int runAt(String url, String... arguments) {
    List<String> line = new ArrayList<>(List.of(arguments));
    line.add("--url=" + url);
    return run(line.toArray(String[]::new));
  }

  @Test
  void shouldAskForACommand() {
    assertThat(run()).isEqualTo(ExitStatus.USAGE);
    assertThat(run("stauts")).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString())
        .isEqualTo(
            "Say what to do: status, wait or release\nTry 'advisory-lock --help'\n".repeat(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "wait", "release"})
  void shouldAskForTheDatabase(String command) {
    assertThat(run(command)).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString())
        .isEqualTo(
            "Missing required option: '--url=<url>'\nTry 'advisory-lock %s --help'\n"
                .formatted(command));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          status  | --output=xml                | expected one of [TABLE, JSON] (case-insensitive)
          status  | --key=                      | --key is '', but must be a value
          status  | --schema=                   | --schema is '', but must be a value
          status  | --key=99999999999999999999  | --key is '99999999999999999999', but must be a whole
          wait    | --timeout=soon              | --timeout is 'soon', but must be a duration from 0
          wait    | --yes                       | Unknown: --yes
          release | --timeout=5m                | Unknown: --timeout
          wait    | --tiemout=5m                | Unknown: --tiemout. Did you mean --timeout?
          status  | --shcema=app                | Unknown: --shcema. Did you mean --schema?
          """)
  void shouldSayWhatIsWrong(String command, String option, String message) {
    assertThat(runAt(NOBODY, command, option)).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldNotShowAllLocksAndOne() {
    assertThat(runAt(NOBODY, "status", "--all", "--key=42")).isEqualTo(ExitStatus.USAGE);
    assertThat(runAt(NOBODY, "status", "--all", "--schema=app")).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString()).contains("--all is every lock: leave out --key and --schema");
  }

  @Test
  void shouldRefuseAUrlOfAnotherDatabase() {
    assertThat(runAt("jdbc:h2:mem:", "status")).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString())
        .isEqualTo(
            "--url is 'jdbc:h2:mem:', but must be a JDBC URL such as"
                + " jdbc:postgresql://host:5432/database\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "wait", "release"})
  void shouldRefuseAPasswordBeforeTheHost(String command) {
    assertThat(runAt("jdbc:postgresql://app:s3cret@db:5432/app", command))
        .isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString())
        .isEqualTo(
            "--url is 'jdbc:postgresql://app:***@db:5432/app', but must be a JDBC URL without user"
                + " and password before the host, which have settings of their own\n");
  }

  static Stream<List<String>> linesWithAPassword() {
    return Stream.of(
        List.of("status", "--url", NOBODY, "--password=s3cret"),
        List.of("status", "--url", NOBODY, "--password", "s3cret"),
        List.of("status", "--url", NOBODY, "--pasword=s3cret"),
        List.of("status", "--url", NOBODY, "-ps3cret"),
        List.of("s3cret", "status"),
        List.of("status", NOBODY + "?password=s3cret"),
        List.of("status", "--url=jdbc:h2:mem:?password=s3cret"),
        List.of("status", "--url=jdbc:postgresql://app:s3cret@db:port/app"),
        List.of("status", "--url=jdbc:postgresql://app:s3cret@db:5432/app", "--verbose"),
        List.of("status", "--url=jdbc:postgresql://db:port/app?password=s3cret"),
        List.of("wait", "--timeout=0", "--url", NOBODY + "?password=s3cret", "--verbose"),
        List.of("status", "--url", NOBODY + "?password=s3cret", "--verbose"));
  }

  @ParameterizedTest
  @MethodSource("linesWithAPassword")
  void shouldNeverRepeatAPassword(List<String> line) {
    assertThat(run(line.toArray(String[]::new))).isIn(ExitStatus.USAGE, ExitStatus.CANNOT);

    assertThat(err.toString()).isNotBlank().doesNotContain("s3cret");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldSayWhyAPasswordIsNoArgument() {
    assertThat(runAt(NOBODY, "status", "--password=s3cret")).isEqualTo(ExitStatus.USAGE);

    assertThat(err.toString()).startsWith("--password takes no value").contains("PGPASSWORD");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "release"})
  void shouldSayInOneLineThatNobodyAnswers(String command) {
    assertThat(runAt(NOBODY, command)).isEqualTo(ExitStatus.CANNOT);

    assertThat(err.toString())
        .startsWith("The server cannot be asked: Connection to localhost:1 refused.")
        .endsWith("[SQLSTATE 08001]\n")
        .containsOnlyOnce("\n");
  }

  @Test
  void shouldNotCallItATimeoutIfNobodyAnswers() {
    assertThat(runAt(NOBODY, "wait", "--timeout=0")).isEqualTo(ExitStatus.CANNOT);

    assertThat(err.toString()).contains("the last try failed: Connection to localhost:1 refused.");
  }

  @Test
  void shouldShowOnDemandWhereAnErrorComesFrom() {
    assertThat(runAt(NOBODY, "status", "--verbose")).isEqualTo(ExitStatus.CANNOT);

    assertThat(err.toString()).contains("\tat io.github.advisorylock.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "wait", "release"})
  void shouldExplainItsExitStatus(String command) {
    assertThat(run(command, "--help")).isZero();

    assertThat(out.toString())
        .contains("Usage: advisory-lock " + command)
        .containsPattern("Exit status:\n +0 +the lock is free")
        .containsPattern("\n +4 +it cannot be found out or done");
  }

  /** Such as of a jar that is not whole, or without memory. */
  private static PrintWriter failingWriter() {
    return new PrintWriter(
        new StringWriter() {
          @Override
          public void write(char[] text, int offset, int length) {
            throw new NoClassDefFoundError("a/b/C");
          }

          @Override
          public void write(String text, int offset, int length) {
            throw new NoClassDefFoundError("a/b/C");
          }
        });
  }

  /** What the JVM would end with is what says that the lock is held. */
  @Test
  void shouldNotEndWithAnExitStatusOfTheJvm() {
    assertThat(Main.run(failingWriter(), new PrintWriter(err), "--help"))
        .isEqualTo(ExitStatus.CANNOT);

    assertThat(err.toString())
        .isEqualTo(
            "This should not have happened, --verbose says where it did:"
                + " java.lang.NoClassDefFoundError: a/b/C\n");
  }

  @Test
  void shouldShowOnDemandWhereAnErrorOfTheJvmComesFrom() {
    Main.run(failingWriter(), new PrintWriter(err), "status", "--help", "--verbose");

    assertThat(err.toString()).contains("\tat " + Main.class.getName() + ".");
  }

  @Test
  void shouldListItsCommands() {
    assertThat(run("--help")).isZero();

    assertThat(out.toString()).contains("status", "wait", "release");
  }

  @Test
  void shouldHaveAVersion() {
    assertThat(run("--version")).isZero();
    assertThat(run("status", "--version")).isZero();

    assertThat(out.toString()).startsWith("advisory-lock ");
  }
}
