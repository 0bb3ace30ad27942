package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A setting as the manual shows it.
 *
 * @param name as in all channels, but for their spelling
 * @param unset its default in the manual's words: a value in backticks, or what happens instead
 * @param example a value that is not the default
 * @param refused a value that cannot be used
 */
record Setting(String name, String unset, String example, String refused) {

  private static final String NONE = "none";
  private static final String AS_THE_SERVER = "as the server has it";

  private static final List<Setting> OF_BOTH =
      List.of(
          new Setting("active", "`true`", "false", "yes"),
          new Setting("key", "`migration`", "orders", "9223372036854775808"),
          new Setting("scope", "`database`", "schema", "table"),
          new Setting("timeout", "`5m`", "90s", "5 minutes"),
          new Setting("maxAttempts", "`unlimited`", "20", "0"),
          new Setting("backoff", "`100ms`", "200ms", "0"),
          new Setting("backoffStep", "`100ms`", "300ms", "-1ms"),
          new Setting("maxBackoff", "`1s`", "2s", "0ms"),
          new Setting("wakeUp", "`true`", "false", "sometimes"),
          new Setting("lease", "`30s`", "1m", "999ms"),
          new Setting("pooling", "`auto`", "session", "statement"),
          new Setting("url", NONE, "jdbc:postgresql://db:5432/app", "https://example.org"),
          new Setting("user", NONE, "locker", "locker"),
          new Setting("password", NONE, "secret", "secret"),
          new Setting("migrationLockTimeout", AS_THE_SERVER, "3s", "577h"),
          new Setting("migrationStatementTimeout", AS_THE_SERVER, "10m", "577h"));

  private static final List<Setting> OF_FLYWAY =
      List.of(new Setting("nativeLock", "`auto`", "keep", "perhaps"));
  private static final List<Setting> OF_LIQUIBASE =
      List.of(
          new Setting("tableLock", "`warn`", "honour", "perhaps"),
          new Setting("forceRelease", "`report`", "terminate", "perhaps"));

  /** All that a tool has, in the manual's order. */
  static List<Setting> of(Tool tool) {
    List<Setting> all = new ArrayList<>(OF_BOTH);
    all.addAll(tool == Tool.FLYWAY ? OF_FLYWAY : OF_LIQUIBASE);
    return List.copyOf(all);
  }

  /** A value for each of them, none of which is its default. */
  static Map<String, String> examples(Tool tool) {
    Map<String, String> examples = new LinkedHashMap<>();
    of(tool).forEach(setting -> examples.put(setting.name, setting.example));
    return examples;
  }

  /** The default, if it is a value that one could write as well. */
  Optional<String> defaultValue() {
    return unset.startsWith("`") ? Optional.of(unset.replace("`", "")) : Optional.empty();
  }
}
