package io.github.advisorylock;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings that a user wrote as text, so that both tools have the same names, units and
 * errors. A setting that is not there yields its default; one that cannot be understood is an error
 * that names the property, the value and what is allowed.
 */
public final class SettingReader {

  private static final Pattern WITH_UNIT = Pattern.compile("(\\d{1,15})\\s*(ms|s|m|h|)");
  private static final Duration LONGEST = Duration.ofDays(365);

  /** So many letters of a name may have one that is wrong. */
  private static final int LETTERS_PER_TYPO = 4;

  private static final String URL = "url";
  private static final Set<String> BELONG_TO_URL = Set.of("user", "password");

  private final String prefix;
  private final Function<String, @Nullable String> lookUp;
  private final Map<String, ApplicationSetting> application;

  /**
   * A reader of one tool's settings.
   *
   * @param prefix what errors put before a setting's name, such as {@code flyway.advisoryLock.}
   * @param lookUp from a setting's name, such as {@code timeout}, to its text; null if it is not
   *     set
   */
  public SettingReader(String prefix, Function<String, @Nullable String> lookUp) {
    this(prefix, lookUp, Map.of());
  }

  private SettingReader(
      String prefix,
      Function<String, @Nullable String> lookUp,
      Map<String, ApplicationSetting> application) {
    this.prefix = prefix;
    this.lookUp = lookUp;
    this.application = application;
  }

  /**
   * The same, but what is not set is as the application's configuration says. Errors then name the
   * property there. Where {@code url} is set here, so are its {@code user} and {@code password}:
   * nobody's password goes to another server.
   *
   * @param settings what the application's configuration says, by the setting's name
   * @return another reader
   */
  public SettingReader orElse(Map<String, ApplicationSetting> settings) {
    return new SettingReader(prefix, lookUp, settings);
  }

  private @Nullable String find(String name) {
    String own = lookUp.apply(name);
    ApplicationSetting setting = own == null ? ofApplication(name) : null;
    return setting == null ? own : setting.text();
  }

  private @Nullable ApplicationSetting ofApplication(String name) {
    boolean belongsToOwnUrl = BELONG_TO_URL.contains(name) && lookUp.apply(URL) != null;
    return belongsToOwnUrl ? null : application.get(name);
  }

  private String propertyOf(String name) {
    ApplicationSetting setting = lookUp.apply(name) == null ? ofApplication(name) : null;
    return setting == null ? prefix + name : setting.property();
  }

  /**
   * A text that is not blank, without the blanks around it.
   *
   * @param name the setting
   * @return the text; null if it is not set
   * @throws LockConfigurationException if it is blank
   */
  public @Nullable String text(String name) {
    String value = find(name);
    if (value == null) {
      return null;
    }
    if (value.isBlank()) {
      throw rejected(name, value, "a value; leave the property out for its default");
    }
    return value.strip();
  }

  /**
   * A text as it was written, for passwords: blanks count, and no error shows it.
   *
   * @param name the setting
   * @return the text; null if it is not set
   */
  public @Nullable String secret(String name) {
    return find(name);
  }

  /**
   * A length of time: a whole number with the unit ms, s, m or h, a bare number of seconds, or ISO
   * 8601 such as {@code PT5M}.
   *
   * @param name the setting
   * @param shortest the least that is allowed
   * @return the duration, at most 365 days; null if it is not set
   * @throws LockConfigurationException if it is anything else
   */
  public @Nullable Duration duration(String name, Duration shortest) {
    return duration(name, shortest, "");
  }

  private @Nullable Duration duration(String name, Duration shortest, String alsoAllowed) {
    return duration(
        name,
        duration -> duration.compareTo(shortest) >= 0 && duration.compareTo(LONGEST) <= 0,
        "a duration from "
            + (shortest.isZero() ? "0" : Text.of(shortest))
            + " to 365 days: 500ms, 30s, 5m, 1h, PT5M or a number of seconds"
            + alsoAllowed);
  }

  /** A duration that has bounds of its own, told in the words for what is allowed. */
  @Nullable Duration duration(String name, Predicate<Duration> isAllowed, String allowed) {
    String value = text(name);
    if (value == null) {
      return null;
    }
    Duration duration = parse(value.toLowerCase(Locale.ROOT));
    if (duration == null || !isAllowed.test(duration)) {
      throw rejected(name, value, allowed);
    }
    return duration;
  }

  /**
   * A {@link #duration}, or {@code none}.
   *
   * @param name the setting
   * @return the duration, zero or more; {@link RetryPolicy#NO_TIMEOUT} for {@code none}; null if it
   *     is not set
   * @throws LockConfigurationException if it is anything else
   */
  public @Nullable Duration timeout(String name) {
    return "none".equalsIgnoreCase(text(name))
        ? RetryPolicy.NO_TIMEOUT
        : duration(name, Duration.ZERO, ", or none to wait for ever");
  }

  private static @Nullable Duration parse(String value) {
    Matcher matcher = WITH_UNIT.matcher(value);
    if (!matcher.matches()) {
      return parseIso(value);
    }
    long number = Long.parseLong(matcher.group(1));
    try {
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(number);
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> Duration.ofSeconds(number);
      };
    } catch (ArithmeticException e) {
      return null; // longer than a Duration can be
    }
  }

  private static @Nullable Duration parseIso(String value) {
    try {
      return Duration.parse(value);
    } catch (java.time.format.DateTimeParseException e) {
      return null;
    }
  }

  /**
   * A number of times, or {@code unlimited}.
   *
   * @param name the setting
   * @return at least 1; {@link RetryPolicy#UNLIMITED_ATTEMPTS} for {@code unlimited}; null if it is
   *     not set
   * @throws LockConfigurationException if it is anything else
   */
  public @Nullable Integer attempts(String name) {
    String value = text(name);
    if (value == null) {
      return null;
    }
    if (value.equalsIgnoreCase("unlimited")) {
      return RetryPolicy.UNLIMITED_ATTEMPTS;
    }
    if (value.matches("\\d{1,9}") && Integer.parseInt(value) >= 1) {
      return Integer.valueOf(value);
    }
    throw rejected(name, value, "a whole number from 1 to 999999999, or unlimited");
  }

  /**
   * {@code true} or {@code false}.
   *
   * @param name the setting
   * @param unset the value if it is not set
   * @return the value
   * @throws LockConfigurationException if it is anything else
   */
  public boolean flag(String name, boolean unset) {
    String value = text(name);
    if (value == null) {
      return unset;
    }
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw rejected(name, value, "true or false");
    };
  }

  /**
   * One of an enum's constants, by its name in any case.
   *
   * @param <E> the enum
   * @param name the setting
   * @param unset the value if it is not set
   * @return the constant
   * @throws LockConfigurationException if it is anything else
   */
  public <E extends Enum<E>> E choice(String name, E unset) {
    String value = text(name);
    if (value == null) {
      return unset;
    }
    E[] constants = unset.getDeclaringClass().getEnumConstants();
    return Arrays.stream(constants)
        .filter(constant -> constant.name().equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(() -> rejected(name, value, listed(constants)));
  }

  private static String listed(Enum<?>[] constants) {
    return Arrays.stream(constants)
        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(" or "));
  }

  /**
   * The error for a value that cannot be used.
   *
   * @param name the setting
   * @param value what the user wrote; must not be a password
   * @param allowed what the user may write instead
   * @return the exception, not yet thrown
   */
  public LockConfigurationException rejected(String name, String value, String allowed) {
    return new LockConfigurationException(
        "%s is '%s', but must be %s".formatted(propertyOf(name), value, allowed));
  }

  /**
   * The error for a property that is no setting.
   *
   * @param prefix what the properties have in common, such as {@code spring.flyway.advisory-lock.}
   * @param name what the user wrote after it
   * @param known what may stand there
   * @return the exception, not yet thrown
   */
  public static LockConfigurationException unknown(String prefix, String name, List<String> known) {
    return new LockConfigurationException(
        "Unknown property %s%s.%s Supported after %s: %s"
            .formatted(prefix, name, didYouMean(prefix, name, known), prefix, known));
  }

  /**
   * Which known name a user probably meant.
   *
   * @param prefix what to put before it
   * @param name what the user wrote
   * @param known what there is
   * @return a sentence after a space, such as {@code " Did you mean --timeout?"}; empty if no name
   *     is similar
   */
  public static String didYouMean(String prefix, String name, Collection<String> known) {
    return known.stream()
        .filter(other -> distance(name, other) <= Math.max(1, other.length() / LETTERS_PER_TYPO))
        .min(Comparator.comparingInt(other -> distance(name, other)))
        .map(other -> " Did you mean " + prefix + other + "?")
        .orElse("");
  }

  /** How many letters to add, drop, replace or swap with the next one; case does not count. */
  private static int distance(String name, String other) {
    String from = name.toLowerCase(Locale.ROOT);
    String to = other.toLowerCase(Locale.ROOT);
    int[][] steps = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        steps[i][j] = i == 0 || j == 0 ? i + j : fewest(steps, from, to, i, j);
      }
    }
    return steps[from.length()][to.length()];
  }

  private static int fewest(int[][] steps, String from, String to, int i, int j) {
    int replaced = steps[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
    int fewest = Math.min(replaced, Math.min(steps[i - 1][j], steps[i][j - 1]) + 1);
    boolean isSwapped =
        i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1);
    return isSwapped ? Math.min(fewest, steps[i - 2][j - 2] + 1) : fewest;
  }
}
