package io.github.advisorylock;

import java.util.Locale;
import java.util.regex.Pattern;

/** Keeps passwords out of messages. */
final class Secrets {

  static final String MASK = "***";

  /** {@code password=…} and the like in a query string, and {@code //user:secret@host}. */
  private static final Pattern IN_URL =
      Pattern.compile("(?i)(?<=(password|secret|token)=)[^&;]*|(?<=//[^/?@:]{1,200}:)[^/?@]*(?=@)");

  private Secrets() {}

  static String withoutPassword(String url) {
    return IN_URL.matcher(url).replaceAll(MASK);
  }

  static boolean mayHoldPassword(String statement) {
    return statement.toLowerCase(Locale.ROOT).contains("password");
  }
}
