package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Wording that messages and log lines share. */
final class Text {

  private Text() {}

  /** A duration as people read it: {@code 0 ms}, {@code 850 ms}, {@code 12.3 s}, {@code 5 min}. */
  static String of(Duration duration) {
    if (duration.toSeconds() < 1) {
      return duration.toMillis() + " ms";
    }
    if (duration.toSeconds() % 60 == 0 && duration.toMillisPart() == 0) {
      return duration.toMinutes() + " min";
    }
    return String.format(
        Locale.ROOT, "%.1f s", duration.toSeconds() + duration.toMillisPart() / 1_000.0);
  }

  static String triesAndTime(int attempts, Duration waited) {
    return "%s in %s".formatted(attempts == 1 ? "1 try" : attempts + " tries", of(waited));
  }

  static String heldBy(@Nullable LockHolder holder) {
    return holder == null
        ? "its holder could not be seen, or has just left"
        : "held by " + holder.describe();
  }

  static String lastTryFailed(SQLException failure) {
    return "the last try failed: " + of(failure);
  }

  /** What the server or driver said, on one line, and its SQLSTATE. */
  static String of(SQLException failure) {
    String said = String.valueOf(failure.getMessage()).replaceAll("\\s+", " ").strip();
    String state = SqlStates.of(failure);
    return state.isEmpty() ? said : said + " [SQLSTATE " + state + "]";
  }
}
