package io.github.advisorylock.cli;

import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.LockException;
import io.github.advisorylock.LockTimeoutException;
import java.sql.SQLException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says in one line why a command could not do what it was asked to. */
final class Failures implements IExecutionExceptionHandler {

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    Lines.error(command, message(e).replaceAll("\\s+", " ").strip());
    if (Target.isVerbose(parsed)) {
      e.printStackTrace(command.getErr());
    }
    return status(e);
  }

  private static String message(Exception e) {
    if (e instanceof LockException) {
      return String.valueOf(e.getMessage());
    }
    if (e instanceof SQLException failure) {
      return "The server cannot be asked: " + of(failure) + advice(failure);
    }
    return unexpected(e);
  }

  static String unexpected(Throwable e) {
    return "This should not have happened, --verbose says where it did: " + e;
  }

  private static String of(SQLException failure) {
    String state = failure.getSQLState();
    return failure.getMessage() + (state == null ? "" : " [SQLSTATE " + state + "]");
  }

  private static String advice(SQLException failure) {
    return INSUFFICIENT_PRIVILEGE.equals(failure.getSQLState())
        ? ". The role must be able to read pg_locks and pg_stat_activity, as every role may by"
            + " default: grant select on pg_catalog.pg_locks, pg_catalog.pg_stat_activity to it"
        : "";
  }

  private static int status(Exception e) {
    if (e instanceof LockConfigurationException) {
      return ExitStatus.USAGE;
    }
    boolean stillHeld = e instanceof LockTimeoutException && e.getCause() == null;
    return stillHeld ? ExitStatus.TIMEOUT : ExitStatus.CANNOT;
  }
}
