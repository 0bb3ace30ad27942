package io.github.advisorylock.liquibase;

import io.github.advisorylock.LogLines;
import java.util.function.Consumer;
import liquibase.Scope;
import liquibase.logging.LogService;
import liquibase.logging.Logger;
import liquibase.logging.core.JavaLogService;
import liquibase.ui.LoggerUIService;
import liquibase.ui.UIService;

/**
 * What users are told: in Liquibase's log and, on its command line, which shows no log unless asked
 * to, also as messages of its user interface. Elsewhere both end in the same place, and each line
 * would be there twice.
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

  private static Consumer<String> userInterface() {
    UIService ui = Scope.getCurrentScope().getUI();
    return isCommandLine() && !(ui instanceof LoggerUIService) ? ui::sendMessage : line -> {};
  }

  /** Nothing else gives Liquibase's own log service a parent. */
  private static boolean isCommandLine() {
    LogService logs = Scope.getCurrentScope().get(Scope.Attr.logService, LogService.class);
    return logs instanceof JavaLogService ofCommandLine && ofCommandLine.getParent() != null;
  }
}
