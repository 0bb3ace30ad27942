package io.github.advisorylock;

import static java.util.stream.Collectors.joining;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
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

  /** Why a key is not to be had, in the words for whom {@link LockHolder#key} says it is. */
  static String heldBy(@Nullable LockHolder holder, LockKey key) {
    String ownRun = ownRun(holder);
    return heldBy(holder, key, LockHolder::describe) + (ownRun.isEmpty() ? "" : ". " + ownRun);
  }

  /** The same with no more of the session than its process id and what it calls itself. */
  static String brieflyHeldBy(@Nullable LockHolder holder, LockKey key) {
    return heldBy(holder, key, seen -> seen.session().describeName());
  }

  private static String heldBy(
      @Nullable LockHolder holder, LockKey key, Function<LockHolder, String> description) {
    if (holder == null) {
      return "its holder could not be seen, or has just left";
    }
    return holder.key().equals(key)
        ? "held by " + description.apply(holder)
        : "it is ours, but a session still works for a run that has lost it: "
            + description.apply(holder);
  }

  /** What is known of a holder in this process, which the server cannot show; else empty. */
  static String ownRun(@Nullable LockHolder holder) {
    return Optional.ofNullable(holder)
        .flatMap(LocalLocks::find)
        .map(
            held ->
                held.owner() == Thread.currentThread()
                    ? "That is this thread itself, which cannot release it while it waits (key or scope=schema gives an inner run a separate lock)"
                    : "That is another run of this process, on thread %s (scope=schema or key gives each a separate lock)"
                        .formatted(held.owner().getName()))
        .orElse("");
  }

  /** Who is in the way, and how to get them out of it. */
  static String inTheWay(List<ServerSession> sessions) {
    String who = sessions.stream().map(ServerSession::describe).collect(joining("; "));
    String toEnd =
        sessions.stream()
            .filter(session -> !session.isPreparedTransaction())
            .map(session -> LockSql.endHolder(session.pid()))
            .collect(joining(" "));
    return toEnd.isEmpty() ? who : who + ". To end it, if it is stuck: " + toEnd;
  }

  static String lastTryFailed(SQLException failure) {
    return "the last try failed: " + of(failure);
  }

  /** What the server or driver said, on one line, and its SQLSTATE. */
  static String of(SQLException failure) {
    String said = squeezed(String.valueOf(failure.getMessage()));
    String state = SqlStates.of(failure);
    return state.isEmpty() ? said : said + " [SQLSTATE " + state + "]";
  }

  /** On one line, with one space between two words, however it was laid out. */
  static String squeezed(String text) {
    return oneLine(text).replaceAll("\\s+", " ").strip();
  }

  /** Each on one line, without those that are empty. */
  static String lines(String... lines) {
    return Stream.of(lines)
        .filter(line -> !line.isEmpty())
        .map(Text::oneLine)
        .collect(joining("\n"));
  }

  /**
   * With a space for whatever would break a line of a log or hide a part of it: line breaks, escape
   * sequences, marks that turn the writing round.
   */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    boolean afterBreak = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean isBreak = breaksLine(text.codePointAt(i));
      if (!isBreak) {
        line.appendCodePoint(text.codePointAt(i));
      } else if (!afterBreak) {
        line.append(' ');
      }
      afterBreak = isBreak;
    }
    return line.toString();
  }

  private static boolean breaksLine(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }
}
