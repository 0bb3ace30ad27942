package io.github.advisorylock.cli;

import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.Endpoint;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SettingReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The options that say which lock is meant, and how to get there. */
final class Target {

  static final String VERBOSE = "--verbose";

  /** Who has not answered by then will not. */
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command = CommandSpec.create();

  @Option(
      names = "--url",
      required = true,
      paramLabel = "<url>",
      description = "The database, such as jdbc:postgresql://host:5432/database.")
  private String url = "";

  @Option(
      names = "--user",
      paramLabel = "<role>",
      description = "The role; otherwise $PGUSER, then the name of the system's user.")
  private @Nullable String user;

  @Option(
      names = "--password",
      description = "Ask for the password; otherwise $PGPASSWORD, then ~/.pgpass.")
  private boolean asksForPassword;

  @Option(
      names = "--key",
      paramLabel = "<key>",
      description =
          "The lock, as in the setting `key`: a 64-bit integer, or any other text, which is hashed"
              + " (default: migration).")
  private @Nullable String key;

  @Option(
      names = "--schema",
      paramLabel = "<schema>",
      description = "The schema whose lock is meant, if the setting `scope` is schema.")
  private @Nullable String schema;

  @Option(names = VERBOSE, description = "Show where in the program an error comes from.")
  @SuppressWarnings("UnusedVariable") // it is asked for where an error is
  private boolean verbose;

  private @Nullable String password;

  static boolean isVerbose(ParseResult parsed) {
    ParseResult innermost = parsed;
    while (innermost.hasSubcommand()) {
      innermost = innermost.subcommand();
    }
    return innermost.hasMatchedOption(VERBOSE);
  }

  LockKey key() {
    SettingReader reader = reader(null);
    LockKey whole = LockSettings.read(reader, RetryPolicy.DEFAULT).key();
    String within = reader.text("schema");
    return within == null ? whole : whole.within(within);
  }

  RetryPolicy retry(@Nullable String timeout) {
    return LockSettings.read(reader(timeout), RetryPolicy.DEFAULT).retry();
  }

  boolean namesOneLock() {
    return key != null || schema != null;
  }

  /** Looks options up under the names of the settings, so that they have the same errors, too. */
  private SettingReader reader(@Nullable String timeout) {
    Map<String, @Nullable String> given = new HashMap<>();
    given.put("url", url);
    given.put("user", user != null ? user : environment("PGUSER"));
    given.put("key", key);
    given.put("schema", schema);
    given.put("timeout", timeout);
    return new SettingReader("--", given::get);
  }

  private static @Nullable String environment(String name) {
    String value = System.getenv(name);
    return value == null || value.isBlank() ? null : value;
  }

  /** Opens a connection of the command's own, on which nothing waits for ever. */
  Connection open() throws SQLException {
    ConnectionSettings settings =
        Objects.requireNonNull(LockSettings.read(reader(null), RetryPolicy.DEFAULT).connection());
    DriverManager.setLoginTimeout(Math.toIntExact(LONGEST_ANSWER.toSeconds()));
    Connection opened = new ConnectionSettings(settings.url(), settings.user(), password()).open();
    try {
      opened.setNetworkTimeout(Runnable::run, Math.toIntExact(LONGEST_ANSWER.toMillis()));
      opened.setClientInfo("ApplicationName", "advisory-lock " + command.name());
      return opened;
    } catch (SQLException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private @Nullable String password() {
    if (!asksForPassword) {
      return environment("PGPASSWORD");
    }
    if (password == null) {
      password = Terminal.find().orElseThrow(this::nobodyToAsk).password();
    }
    return password;
  }

  private ParameterException nobodyToAsk() {
    return new ParameterException(
        command.commandLine(),
        "--password asks on a terminal, and there is none: set PGPASSWORD, or write a ~/.pgpass");
  }

  /** A pid that somebody reads here is one that they may want to end. */
  void warnOfPooler(Connection connection) throws SQLException {
    Endpoint endpoint = Endpoint.of(connection);
    if (endpoint.postgreSql() && !endpoint.direct()) {
      Lines.error(
          command.commandLine(),
          "Warning: there is a pooler in between. Pids and addresses of sessions that go through it"
              + " are those of its sessions on the server, which it may give to somebody else");
    }
  }
}
