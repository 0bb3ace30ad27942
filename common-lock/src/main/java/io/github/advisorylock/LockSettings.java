package io.github.advisorylock;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The settings that every tool has, read and checked. Immutable.
 *
 * @param active false if there is to be no lock at all
 * @param key the key, before the scope is looked at
 * @param scope among whom a migration is alone
 * @param retry how to wait
 * @param session how to hold it
 * @param connection a connection for the lock alone; null for the tool's own way to connect
 */
public record LockSettings(
    boolean active,
    LockKey key,
    LockScope scope,
    RetryPolicy retry,
    SessionPolicy session,
    @Nullable ConnectionSettings connection) {

  static final String LOCK_TIMEOUT = "migrationLockTimeout";
  static final String STATEMENT_TIMEOUT = "migrationStatementTimeout";

  private static final Duration SHORTEST_DELAY = Duration.ofMillis(1);

  /**
   * The settings that {@link #read} reads.
   *
   * @return their names
   */
  public static List<String> names() {
    return List.of(
        "active",
        "key",
        "scope",
        "timeout",
        "maxAttempts",
        "backoff",
        "backoffStep",
        "maxBackoff",
        "wakeUp",
        "lease",
        "pooling",
        "url",
        "user",
        "password",
        LOCK_TIMEOUT,
        STATEMENT_TIMEOUT);
  }

  /**
   * Reads the settings of {@link #names}.
   *
   * @param reader finds the settings
   * @param unset the policy for what is not set, such as from the tool's own settings
   * @return the settings
   * @throws LockConfigurationException if one of them cannot be used
   */
  public static LockSettings read(SettingReader reader, RetryPolicy unset) {
    return new LockSettings(
        reader.flag("active", true),
        key(reader),
        reader.choice("scope", LockScope.DATABASE),
        retry(reader, unset),
        new SessionPolicy(
            reader.choice("pooling", SessionPolicy.DEFAULT.pooling()),
            lease(reader),
            reader.flag("wakeUp", SessionPolicy.DEFAULT.wakeUp()),
            timeouts(reader)),
        connection(reader));
  }

  /**
   * Reads only the timeouts for the work.
   *
   * @param reader finds the settings
   * @return them; {@link WorkTimeouts#NONE} if none is set
   * @throws LockConfigurationException if one of them cannot be used
   */
  public static WorkTimeouts timeouts(SettingReader reader) {
    return new WorkTimeouts(
        workTimeout(reader, LOCK_TIMEOUT), workTimeout(reader, STATEMENT_TIMEOUT));
  }

  /**
   * The key to lock.
   *
   * @param defaultSchema says the schema that the tool works in; asked only if the scope is that
   * @return the key; with scope schema, that of the schema
   */
  public LockKey keyFor(Supplier<String> defaultSchema) {
    return scope == LockScope.SCHEMA ? key.within(defaultSchema.get()) : key;
  }

  private static LockKey key(SettingReader reader) {
    String text = reader.text("key");
    if (text == null) {
      return LockKey.MIGRATION;
    }
    if (!text.matches("[+-]?\\d+")) {
      return LockKey.named(text);
    }
    try {
      return LockKey.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw reader.rejected(
          "key",
          text,
          "a whole number from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE + ", or a name");
    }
  }

  private static RetryPolicy retry(SettingReader reader, RetryPolicy unset) {
    Duration timeout = reader.timeout("timeout");
    Integer maxAttempts = reader.attempts("maxAttempts");
    Duration firstDelay = reader.duration("backoff", SHORTEST_DELAY);
    Duration step = reader.duration("backoffStep", Duration.ZERO);
    Duration maxDelay = reader.duration("maxBackoff", SHORTEST_DELAY);
    if (firstDelay != null && maxDelay != null && maxDelay.compareTo(firstDelay) < 0) {
      throw reader.rejected(
          "maxBackoff",
          String.valueOf(reader.text("maxBackoff")),
          "at least as long as backoff, which is " + Text.of(firstDelay));
    }
    Duration cap = maxDelay != null ? maxDelay : longer(unset.maxDelay(), firstDelay);
    return new RetryPolicy(
        Objects.requireNonNullElse(timeout, unset.timeout()),
        Objects.requireNonNullElse(maxAttempts, unset.maxAttempts()),
        firstDelay != null ? firstDelay : shorter(unset.firstDelay(), cap),
        Objects.requireNonNullElse(step, unset.step()),
        cap);
  }

  private static Duration lease(SettingReader reader) {
    Duration lease =
        reader.duration(
            "lease",
            LockSettings::isPossibleLease,
            "0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M or a number of"
                + " seconds");
    return Objects.requireNonNullElse(lease, SessionPolicy.DEFAULT.lease());
  }

  private static boolean isPossibleLease(Duration lease) {
    return lease.isZero()
        || (lease.compareTo(SessionPolicy.SHORTEST_LEASE) >= 0
            && lease.compareTo(SessionPolicy.LONGEST_LEASE) <= 0);
  }

  private static @Nullable Duration workTimeout(SettingReader reader, String name) {
    return reader.duration(
        name,
        WorkTimeouts::isPossible,
        "0 for none, or a duration from 1ms to 24 days: 1500ms, 30s, 5m, 1h, PT5M or a number of"
            + " seconds");
  }

  private static Duration longer(Duration one, @Nullable Duration other) {
    return other == null || one.compareTo(other) >= 0 ? one : other;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  private static @Nullable ConnectionSettings connection(SettingReader reader) {
    String url = reader.text("url");
    String user = reader.text("user");
    String password = reader.secret("password");
    if (url == null) {
      if (user != null) {
        throw reader.rejected("user", user, "left out when url is not set");
      }
      if (password != null) {
        throw reader.rejected("password", Secrets.MASK, "left out when url is not set");
      }
      return null;
    }
    if (!url.startsWith("jdbc:") || !url.contains("postgresql:")) {
      throw reader.rejected(
          "url",
          Secrets.withoutPassword(url),
          "a JDBC URL such as jdbc:postgresql://host:5432/database");
    }
    if (Secrets.hasUserBeforeHost(url)) { // to the driver they are a part of the host's name
      throw reader.rejected(
          "url",
          Secrets.withoutPassword(url),
          "a JDBC URL without user and password before the host, which have settings of their own");
    }
    return new ConnectionSettings(url, user, password);
  }
}
