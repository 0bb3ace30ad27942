package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import liquibase.logging.core.AbstractLogService;
import liquibase.logging.core.AbstractLogger;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogCreator;

/**
 * All that a run says, at whatever level and through whatever log, and what is to happen as soon as
 * it says something. Safe for use by several threads.
 */
final class Transcript implements Log {

  private static volatile Transcript ofFlyway;

  /** Held for as long as anybody listens, since loggers are forgotten otherwise. */
  private static final Logger CORE = Logger.getLogger("io.github.advisorylock");

  private final StringBuilder said = new StringBuilder();
  private final List<String> atInfoOrAbove = new ArrayList<>();
  private final List<Cue> cues = new ArrayList<>();

  private record Cue(String words, Runnable action) {}

  /** Does something, once, on the thread that says these words. */
  synchronized void onCue(String words, Runnable action) {
    cues.add(new Cue(words, action));
  }

  void add(String line) {
    List<Cue> due;
    synchronized (this) {
      said.append(line).append('\n');
      due = cues.stream().filter(cue -> line.contains(cue.words)).toList();
      cues.removeAll(due);
    }
    due.forEach(cue -> cue.action.run());
  }

  private synchronized void addAtInfoOrAbove(String line) {
    atInfoOrAbove.add(line);
  }

  /** What Flyway logged at INFO and above, one message each. */
  synchronized List<String> linesAtInfoOrAbove() {
    return List.copyOf(atInfoOrAbove);
  }

  /** Cues that nobody gave. */
  synchronized List<String> missedCues() {
    return cues.stream().map(Cue::words).toList();
  }

  @Override
  public synchronized String toString() {
    return said.toString();
  }

  private void add(String line, Throwable failure) {
    add(failure == null ? line : line + "\n" + Throwables.everythingAbout(failure));
  }

  /** Has Flyway's log end up here, too, if it is told to use {@link ForFlyway}. */
  void listenToFlyway() {
    ofFlyway = this;
  }

  /** Flyway makes it by its name, and forgets any other with the next configuration. */
  public static final class ForFlyway implements LogCreator {
    /** For Flyway. */
    public ForFlyway() {}

    @Override
    public Log createLogger(Class<?> type) {
      return ofFlyway;
    }
  }

  @Override
  @SuppressWarnings("deprecation") // the oldest supported release asks
  public boolean isDebugEnabled() {
    return true;
  }

  @Override
  public void debug(String message) {
    add(message);
  }

  @Override
  public void info(String message) {
    addAtInfoOrAbove(message);
    add(message);
  }

  @Override
  public void warn(String message) {
    addAtInfoOrAbove(message);
    add(message);
  }

  @Override
  public void error(String message) {
    addAtInfoOrAbove(message);
    add(message);
  }

  @Override
  public void error(String message, Exception failure) {
    addAtInfoOrAbove(message);
    add(message, failure);
  }

  @Override
  public void notice(String message) {
    addAtInfoOrAbove(message);
    add(message);
  }

  /** Listens to the core's own log until it is closed. */
  HostileStage.Cleanup ofCore() {
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            add(line.getMessage(), line.getThrown());
          }

          @Override
          public void flush() {
            // nothing is kept back
          }

          @Override
          public void close() {
            // nothing is open
          }
        };
    CORE.setLevel(Level.ALL);
    CORE.addHandler(handler);
    return () -> CORE.removeHandler(handler);
  }

  /** A log of Liquibase's that ends up here. */
  AbstractLogService ofLiquibase() {
    return new AbstractLogService() {
      @Override
      public int getPriority() {
        return PRIORITY_SPECIALIZED;
      }

      @Override
      @SuppressWarnings({"rawtypes", "try"}) // as Liquibase has it
      public liquibase.logging.Logger getLog(Class type) {
        return new AbstractLogger() {
          @Override
          public void log(Level level, String message, Throwable failure) {
            add(message, failure);
          }
        };
      }
    };
  }
}
