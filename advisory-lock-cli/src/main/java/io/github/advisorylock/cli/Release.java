package io.github.advisorylock.cli;

import io.github.advisorylock.HolderEnd;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Ends whoever holds the lock. */
@Command(
    name = "release",
    description = {
      "Ends the session that holds the lock, after making sure that it still is the one. What it"
          + " was doing in a transaction is rolled back, and its run fails."
    })
final class Release implements Callable<Integer> {

  @Spec private CommandSpec command = CommandSpec.create();
  @Mixin private Target target = new Target();

  @Option(names = "--yes", description = "Do not ask.")
  private boolean yes;

  @Override
  public Integer call() throws SQLException, InterruptedException {
    LockKey key = target.key();
    try (Connection connection = target.open()) {
      target.warnOfPooler(connection);
      LockStatus status = LockStatus.find(connection, key);
      if (status.holders().isEmpty()) {
        Lines.out(command.commandLine(), "Nobody holds the advisory lock " + key);
      }
      for (LockHolder holder : status.holders()) {
        int ended = end(connection, holder);
        if (ended != ExitStatus.FREE) {
          return ended;
        }
      }
      LockStatus.find(connection, key).workers().forEach(this::tellOf);
      return ExitStatus.FREE;
    }
  }

  private int end(Connection connection, LockHolder holder)
      throws SQLException, InterruptedException {
    if (!yes && holder.session().connectedSince() != null && !isConfirmed(holder)) {
      Lines.error(command.commandLine(), "This session was not ended");
      return ExitStatus.HELD;
    }
    HolderEnd end = HolderEnd.of(connection, holder);
    if (end.released()) {
      Lines.out(command.commandLine(), end.message());
      return ExitStatus.FREE;
    }
    Lines.error(command.commandLine(), end.message());
    return ExitStatus.CANNOT;
  }

  private boolean isConfirmed(LockHolder holder) {
    String who = "The advisory lock %s is held by %s".formatted(holder.key(), holder.describe());
    return Terminal.find()
        .orElseThrow(
            () ->
                new ParameterException(
                    command.commandLine(),
                    who + ". There is no terminal to ask on: with --yes, nobody is asked"))
        .agreesTo(who + ".\nEnd this session? What it does in a transaction is rolled back.");
  }

  private void tellOf(LockHolder worker) {
    Lines.out(
        command.commandLine(),
        "Still at work, and nobody begins before it has ended: %s. To end it, too: %s"
            .formatted(worker.describe(), worker.endStatement()));
  }
}
