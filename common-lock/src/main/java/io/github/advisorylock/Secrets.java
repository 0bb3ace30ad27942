package io.github.advisorylock;

import java.util.Locale;
import java.util.regex.Pattern;

/** Keeps passwords out of messages. */
final class Secrets {

  static final String MASK = "***";

  /** {@code password=…} and the like in a query string. */
  private static final Pattern IN_PARAMETERS =
      Pattern.compile("(?i)(?<=(password|secret|token)=)[^&;]*");

  /** {@code //user:secret@host}, whatever the secret contains, but not {@code //host:5432/}. */
  private static final Pattern BEFORE_HOST =
      Pattern.compile("(?<=//[^/?@:]{1,200}:)(?!\\d{1,5}([/,?]|$)).*(?=@)");

  private Secrets() {}

  static String withoutPassword(String url) {
    String masked = IN_PARAMETERS.matcher(url).replaceAll(MASK);
    return BEFORE_HOST.matcher(masked).replaceAll(MASK);
  }

  static boolean mayHoldPassword(String statement) {
    return statement.toLowerCase(Locale.ROOT).contains("password");
  }
}
