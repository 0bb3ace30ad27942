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

  /** The same of any host but the first. */
  private static final Pattern BEFORE_LATER_HOST =
      Pattern.compile("(?<=//[^/?@]{1,300}:)[^/?@:]*(?=@)");

  /**
   * What stands before the first host, or a later one, and an {@code @}. A password may contain
   * what ends the hosts otherwise, and then its beginning is no port.
   */
  private static final Pattern WITH_USER_BEFORE_HOST =
      Pattern.compile("^[^/?]*//([^/?@]*@|[^/?@:\\[]+:(?!\\d{1,5}([/,?]|$))((?![?&]\\w+=).)*@).*");

  private Secrets() {}

  static String withoutPassword(String url) {
    String masked = IN_PARAMETERS.matcher(url).replaceAll(MASK);
    masked = BEFORE_HOST.matcher(masked).replaceAll(MASK);
    return BEFORE_LATER_HOST.matcher(masked).replaceAll(MASK);
  }

  /** Whether a URL is of the kind {@code //user:secret@host} or {@code //user@host}. */
  static boolean hasUserBeforeHost(String url) {
    return WITH_USER_BEFORE_HOST.matcher(url).matches();
  }

  static boolean mayHoldPassword(String statement) {
    return statement.toLowerCase(Locale.ROOT).contains("password");
  }
}
