package io.github.advisorylock.cli;

import static java.util.stream.Collectors.joining;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows who has to do with a lock. */
@Command(
    name = "status",
    description = "Shows who holds the lock, who works under it, and who waits for it.")
final class Status implements Callable<Integer> {

  /** How it is shown. */
  enum Output {
    /** For people. */
    TABLE,
    /** For programs. */
    JSON
  }

  @Spec private CommandSpec command = CommandSpec.create();
  @Mixin private Target target = new Target();

  @Option(
      names = "--all",
      description = "Every lock of this database that a session's application_name mentions.")
  private boolean all;

  @Option(
      names = "--output",
      paramLabel = "<format>",
      defaultValue = "table",
      description = "table or json (default: table).")
  private Output output = Output.TABLE;

  @Override
  public Integer call() throws SQLException {
    LockKey key = key();
    List<LockStatus> seen;
    try (Connection connection = target.open()) {
      target.warnOfPooler(connection);
      seen =
          key == null ? LockStatus.findAll(connection) : List.of(LockStatus.find(connection, key));
    }
    Lines.out(command.commandLine(), output == Output.JSON ? json(seen) : table(seen));
    return seen.stream().allMatch(LockStatus::isFree) ? ExitStatus.FREE : ExitStatus.HELD;
  }

  /** Null for all. */
  private @Nullable LockKey key() {
    LockKey key = target.key();
    if (all && target.namesOneLock()) {
      throw new ParameterException(
          command.commandLine(), "--all is every lock: leave out --key and --schema");
    }
    return all ? null : key;
  }

  private String json(List<LockStatus> seen) {
    return all ? StatusJson.of(seen) : StatusJson.of(seen.get(0));
  }

  private static String table(List<LockStatus> seen) {
    return seen.isEmpty()
        ? "No session in this database says that it holds an advisory lock or waits for one"
        : seen.stream().map(StatusTable::of).collect(joining("\n\n"));
  }
}
