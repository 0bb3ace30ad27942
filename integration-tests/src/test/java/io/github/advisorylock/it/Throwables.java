package io.github.advisorylock.it;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;

/** What a failure tells. */
final class Throwables {
  private Throwables() {}

  /** All that a log could show of it: messages, stacks, causes, and what else has failed. */
  static String everythingAbout(Throwable failure) {
    StringWriter text = new StringWriter();
    PrintWriter printer = new PrintWriter(text);
    failure.printStackTrace(printer);
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getNextException() != null) {
        sql.getNextException().printStackTrace(printer);
      }
    }
    return text.toString();
  }

  /** The first of that kind among a failure and its causes; null if there is none. */
  static <T extends Throwable> T find(Throwable failure, Class<T> type) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
    }
    return null;
  }
}
