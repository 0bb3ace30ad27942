package io.github.advisorylock.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program {@code advisory-lock}. */
@Command(
    name = "advisory-lock",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Looks from outside at the lock under which Flyway and Liquibase migrate.",
    subcommands = {Status.class, Wait.class, Release.class},
    scope = CommandLine.ScopeType.INHERIT,
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:the lock is free, or what was asked for is done",
      "1:status: it is held; release: it is still held, as you wished",
      "2:the command line cannot be used",
      "3:wait: the timeout has passed",
      "4:it cannot be found out or done: no connection, not PostgreSQL, a standby, no privilege"
    })
public final class Main implements Runnable {

  static final String COMMANDS = "Say what to do: status, wait or release";

  /** Held for as long as the program runs, since loggers are forgotten otherwise. */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql");

  @Spec private CommandSpec spec = CommandSpec.create();

  /** For picocli. */
  public Main() {}

  /**
   * Runs the program and ends the JVM with its exit status.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    // It quotes URLs that it does not understand, and with them passwords.
    DRIVER.setLevel(Level.OFF);
    // From JDK 22 to 24 there is a console otherwise even if there is no terminal.
    System.setProperty("jdk.console", "java.base");
    PrintWriter out = new PrintWriter(System.out, true, UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, UTF_8);
    System.exit(run(out, err, arguments));
  }

  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    try {
      return execute(out, err, arguments);
    } catch (Throwable e) {
      // Left to the JVM, it would have the exit status of a lock that somebody holds.
      err.println(Lines.harmless(Failures.unexpected(e)));
      if (List.of(arguments).contains(Target.VERBOSE)) {
        e.printStackTrace(err);
      }
      err.flush();
      return ExitStatus.CANNOT;
    }
  }

  private static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(new UsageErrors())
        .setExecutionExceptionHandler(new Failures())
        .execute(arguments);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), COMMANDS);
  }
}
