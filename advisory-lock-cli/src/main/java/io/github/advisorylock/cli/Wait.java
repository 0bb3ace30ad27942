package io.github.advisorylock.cli;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LogLines;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Waits for the end of somebody else's work. */
@Command(
    name = "wait",
    description = {
      "Waits until nobody holds the lock and nobody works under it, and does not take it. Says for"
          + " whom it waits, at first and then every ten seconds, to standard error."
    })
final class Wait implements Callable<Integer> {

  @Spec private CommandSpec command = CommandSpec.create();
  @Mixin private Target target = new Target();

  @Option(
      names = "--timeout",
      paramLabel = "<duration>",
      description =
          "The longest wait: 500ms, 30s, 5m, 1h, PT5M or a number of seconds; 0 looks once, none"
              + " waits for ever (default: 5m).")
  private @Nullable String timeout;

  @Override
  public Integer call() {
    LockKey key = target.key();
    Consumer<String> progress = line -> Lines.error(command.commandLine(), line);
    LogLines lines = new LogLines(line -> {}, progress, progress);
    new AdvisoryLock(key, target.retry(timeout), lines).awaitFree(target::open);
    Lines.out(command.commandLine(), "The advisory lock %s is free".formatted(key));
    return ExitStatus.FREE;
  }
}
