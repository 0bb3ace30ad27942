package io.github.advisorylock.liquibase;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import liquibase.configuration.AutoloadedConfigurations;
import liquibase.configuration.ConfigurationDefinition;
import liquibase.configuration.ConfigurationValueObfuscator;
import org.jspecify.annotations.Nullable;

/**
 * Makes the settings {@code liquibase.advisoryLock.*} known to Liquibase, which then takes them
 * from wherever it takes its own: system properties, the environment, properties files, its command
 * line and its Maven plugin. Immutable.
 *
 * <p>All of them are texts, so that a value that cannot be used gets the same error from every
 * source.
 */
public final class AdvisoryLockConfiguration implements AutoloadedConfigurations {

  private static final String NAMESPACE = "liquibase.advisoryLock";

  /** What errors put before the name of a setting. */
  static final String PREFIX = NAMESPACE + ".";

  private static final Map<String, ConfigurationDefinition<String>> DEFINITIONS = definitions();

  /** Liquibase makes one, for its side effect: the definitions are there from then on. */
  public AdvisoryLockConfiguration() {}

  /** What the user wrote for a setting; null if nothing. */
  static @Nullable String textOf(String name) {
    return Objects.requireNonNull(DEFINITIONS.get(name), name).getCurrentValue();
  }

  private static Map<String, ConfigurationDefinition<String>> definitions() {
    Map<String, ConfigurationDefinition<String>> all = new LinkedHashMap<>();
    define(all, "active", "Use advisory locks: true, or false for Liquibase's own lock");
    define(all, "key", "Key of the lock: a 64-bit integer, or a name. Default: migration");
    define(
        all, "scope", "database (default): one at a time in the database; schema: in the schema");
    define(all, "timeout", "Longest wait, such as 30s or 5m (default); 0 tries once; none: no end");
    define(all, "maxAttempts", "Most tries: a number, or unlimited (default)");
    define(all, "backoff", "Pause after the first try. Default: 100ms");
    define(all, "backoffStep", "What each further pause is longer. Default: 100ms");
    define(all, "maxBackoff", "Longest pause. Default: 1s");
    define(all, "wakeUp", "Be told of a release while waiting: true (default), or false");
    define(
        all,
        "lease",
        "How long a frozen process keeps the lock, where that has a connection of its own; 0: for"
            + " ever. Default: 30s");
    define(all, "pooling", "auto (default), session or transaction: what a pooler in between does");
    define(
        all,
        "url",
        "JDBC URL of a connection for the lock alone, such as past a connection pooler",
        ConfigurationValueObfuscator.URL_OBFUSCATOR);
    define(all, "user", "User of that connection");
    define(all, "password", "Password of that connection", ConfigurationValueObfuscator.STANDARD);
    define(
        all,
        "migrationLockTimeout",
        "How long a change may wait for a lock, such as that on a table, e.g. 3s. Default: as the"
            + " server is set");
    define(
        all,
        "migrationStatementTimeout",
        "How long a statement of a change may take. Default: as the server is set");
    define(
        all,
        "tableLock",
        "What a DATABASECHANGELOGLOCK that says locked leads to: warn (default), or honour");
    define(
        all,
        "forceRelease",
        "What release-locks does to the holder: report it (default), or terminate its session");
    return Map.copyOf(all);
  }

  private static void define(
      Map<String, ConfigurationDefinition<String>> all, String name, String description) {
    define(all, name, description, ConfigurationValueObfuscator.NONE);
  }

  private static void define(
      Map<String, ConfigurationDefinition<String>> all,
      String name,
      String description,
      ConfigurationValueObfuscator<String> obfuscator) {
    all.put(
        name,
        new ConfigurationDefinition.Builder(NAMESPACE)
            .define(name, String.class)
            .setDescription(description)
            .setValueObfuscator(obfuscator)
            .build());
  }
}
