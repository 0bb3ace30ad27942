package io.github.advisorylock.liquibase;

import io.github.advisorylock.LogLines;
import java.util.function.Consumer;
import liquibase.Scope;
import liquibase.logging.Logger;
import liquibase.ui.LoggerUIService;
import liquibase.ui.UIService;

/**
 * What users are told: in Liquibase's log, and, since its command line shows no log unless asked
 * to, also as messages of its user interface.
 */
final class Messages {

  private Messages() {}

  /** Lines for the log and user interface of the current scope, whatever thread they come from. */
  static LogLines logLines() {
    Logger log = Scope.getCurrentScope().getLog(AdvisoryLockService.class);
    Consumer<String> ui = userInterface();
    return new LogLines(
        log::fine,
        line -> {
          log.info(line);
          ui.accept(line);
        },
        line -> {
          log.warning(line);
          ui.accept("WARNING: " + line);
        });
  }

  static void info(String text) {
    String line = LogLines.oneLine(text);
    Scope.getCurrentScope().getLog(AdvisoryLockService.class).info(line);
    userInterface().accept(line);
  }

  static void warn(String text) {
    String line = LogLines.oneLine(text);
    Scope.getCurrentScope().getLog(AdvisoryLockService.class).warning(line);
    userInterface().accept("WARNING: " + line);
  }

  /** To the log alone, of what the user interface shows as the failure of the command. */
  static void logWarning(Exception failure) {
    Scope.getCurrentScope()
        .getLog(AdvisoryLockService.class)
        .warning(LogLines.oneLine(failure.getMessage()));
  }

  /** Not where it is the log: nobody needs to read a line twice. */
  private static Consumer<String> userInterface() {
    UIService ui = Scope.getCurrentScope().getUI();
    return ui instanceof LoggerUIService ? line -> {} : ui::sendMessage;
  }
}
