package io.github.advisorylock.flyway;

import io.github.advisorylock.SettingReader;
import java.util.Locale;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.extensibility.ConfigurationExtension;
import org.jspecify.annotations.Nullable;

/**
 * The settings {@code flyway.advisoryLock.*}, as Flyway's bean for them: each is the text that the
 * user wrote, or null if it is not set. {@link FlywaySettings} understands and checks them.
 *
 * <p>All are text on purpose: Flyway drops every setting of a bean, without a word, when one of
 * them does not fit its type.
 */
public final class AdvisoryLockConfigurationExtension implements ConfigurationExtension {

  static final String NAMESPACE = "advisoryLock";

  private static final String ENVIRONMENT_PREFIX = "FLYWAY_ADVISORY_LOCK_";

  private @Nullable String active;
  private @Nullable String key;
  private @Nullable String scope;
  private @Nullable String timeout;
  private @Nullable String maxAttempts;
  private @Nullable String backoff;
  private @Nullable String backoffStep;
  private @Nullable String maxBackoff;
  private @Nullable String wakeUp;
  private @Nullable String lease;
  private @Nullable String pooling;
  private @Nullable String url;
  private @Nullable String user;
  private @Nullable String password;
  private @Nullable String migrationLockTimeout;
  private @Nullable String migrationStatementTimeout;
  private @Nullable String nativeLock;

  /** A bean in which nothing is set. */
  public AdvisoryLockConfigurationExtension() {}

  /**
   * Where Flyway finds the settings.
   *
   * @return {@code advisoryLock}
   */
  @Override
  public String getNamespace() {
    return NAMESPACE;
  }

  /**
   * The setting that an environment variable stands for: {@code FLYWAY_ADVISORY_LOCK_MAX_ATTEMPTS}
   * for {@code flyway.advisoryLock.maxAttempts}.
   *
   * @param environmentVariable any variable's name
   * @return the property's name; null if the variable is not one of ours
   * @throws FlywayException if the variable looks like one of ours, but there is no such setting
   */
  @Override
  public @Nullable String getConfigurationParameterFromEnvironmentVariable(
      String environmentVariable) {
    if (!environmentVariable.startsWith(ENVIRONMENT_PREFIX)) {
      return null;
    }
    for (String name : FlywaySettings.NAMES) {
      if (environmentVariable.equals(variableOf(name))) {
        return FlywaySettings.PREFIX + name;
      }
    }
    throw new FlywayException(
        SettingReader.unknown(
                ENVIRONMENT_PREFIX,
                environmentVariable.substring(ENVIRONMENT_PREFIX.length()),
                FlywaySettings.NAMES.stream()
                    .map(AdvisoryLockConfigurationExtension::inUpperCase)
                    .toList())
            .getMessage());
  }

  private static String variableOf(String name) {
    return ENVIRONMENT_PREFIX + inUpperCase(name);
  }

  private static String inUpperCase(String name) {
    return name.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT);
  }

  /** What is set under a name of {@link FlywaySettings#NAMES}. */
  @Nullable String textOf(String name) {
    return switch (name) {
      case "active" -> active;
      case "key" -> key;
      case "scope" -> scope;
      case "timeout" -> timeout;
      case "maxAttempts" -> maxAttempts;
      case "backoff" -> backoff;
      case "backoffStep" -> backoffStep;
      case "maxBackoff" -> maxBackoff;
      case "wakeUp" -> wakeUp;
      case "lease" -> lease;
      case "pooling" -> pooling;
      case "url" -> url;
      case "user" -> user;
      case "password" -> password;
      case "migrationLockTimeout" -> migrationLockTimeout;
      case "migrationStatementTimeout" -> migrationStatementTimeout;
      case "nativeLock" -> nativeLock;
      default -> throw new IllegalArgumentException("No such setting: " + name);
    };
  }

  /**
   * {@code false}: the jar does nothing. Default {@code true}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getActive() {
    return active;
  }

  /**
   * Sets {@link #getActive()}.
   *
   * @param active the text; null to unset it
   */
  public void setActive(@Nullable String active) {
    this.active = active;
  }

  /**
   * A 64-bit integer, or any other text, which is hashed. Default {@code migration}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getKey() {
    return key;
  }

  /**
   * Sets {@link #getKey()}.
   *
   * @param key the text; null to unset it
   */
  public void setKey(@Nullable String key) {
    this.key = key;
  }

  /**
   * {@code database}, the default, or {@code schema}: one migration at a time per database or per
   * default schema.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getScope() {
    return scope;
  }

  /**
   * Sets {@link #getScope()}.
   *
   * @param scope the text; null to unset it
   */
  public void setScope(@Nullable String scope) {
    this.scope = scope;
  }

  /**
   * The longest wait: {@code 500ms}, {@code 30s}, {@code 5m}, {@code PT5M} or a number of seconds;
   * {@code 0} tries once, {@code none} waits for ever. Default: Flyway's {@code lockRetryCount} in
   * seconds if that was changed, else {@code 5m}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getTimeout() {
    return timeout;
  }

  /**
   * Sets {@link #getTimeout()}.
   *
   * @param timeout the text; null to unset it
   */
  public void setTimeout(@Nullable String timeout) {
    this.timeout = timeout;
  }

  /**
   * The most tries. Default {@code unlimited}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getMaxAttempts() {
    return maxAttempts;
  }

  /**
   * Sets {@link #getMaxAttempts()}.
   *
   * @param maxAttempts the text; null to unset it
   */
  public void setMaxAttempts(@Nullable String maxAttempts) {
    this.maxAttempts = maxAttempts;
  }

  /**
   * The pause after the first try. Default {@code 100ms}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getBackoff() {
    return backoff;
  }

  /**
   * Sets {@link #getBackoff()}.
   *
   * @param backoff the text; null to unset it
   */
  public void setBackoff(@Nullable String backoff) {
    this.backoff = backoff;
  }

  /**
   * What each further pause is longer. Default {@code 100ms}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getBackoffStep() {
    return backoffStep;
  }

  /**
   * Sets {@link #getBackoffStep()}.
   *
   * @param backoffStep the text; null to unset it
   */
  public void setBackoffStep(@Nullable String backoffStep) {
    this.backoffStep = backoffStep;
  }

  /**
   * The longest pause, but where more than four wait to be woken up. Default {@code 1s}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getMaxBackoff() {
    return maxBackoff;
  }

  /**
   * Sets {@link #getMaxBackoff()}.
   *
   * @param maxBackoff the text; null to unset it
   */
  public void setMaxBackoff(@Nullable String maxBackoff) {
    this.maxBackoff = maxBackoff;
  }

  /**
   * {@code true}, the default: whoever waits is told when the lock is released, where that is
   * possible; {@code false}: it only tries now and then.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getWakeUp() {
    return wakeUp;
  }

  /**
   * Sets {@link #getWakeUp()}.
   *
   * @param wakeUp the text; null to unset it
   */
  public void setWakeUp(@Nullable String wakeUp) {
    this.wakeUp = wakeUp;
  }

  /**
   * How long a frozen or unreachable process keeps the lock at most; {@code 0} for as long as its
   * connection lives. Default {@code 30s}. PostgreSQL has it from release 14 on.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getLease() {
    return lease;
  }

  /**
   * Sets {@link #getLease()}.
   *
   * @param lease the text; null to unset it
   */
  public void setLease(@Nullable String lease) {
    this.lease = lease;
  }

  /**
   * What stands between Flyway and the server: {@code auto}, the default, finds out whether there
   * is a pooler; {@code session} trusts it to keep sessions; {@code transaction} does not.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getPooling() {
    return pooling;
  }

  /**
   * Sets {@link #getPooling()}.
   *
   * @param pooling the text; null to unset it
   */
  public void setPooling(@Nullable String pooling) {
    this.pooling = pooling;
  }

  /**
   * The JDBC URL of a connection for the lock alone, such as past a pooler. Default: one more
   * connection from Flyway's data source.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getUrl() {
    return url;
  }

  /**
   * Sets {@link #getUrl()}.
   *
   * @param url the text; null to unset it
   */
  public void setUrl(@Nullable String url) {
    this.url = url;
  }

  /**
   * The role for {@code url}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getUser() {
    return user;
  }

  /**
   * Sets {@link #getUser()}.
   *
   * @param user the text; null to unset it
   */
  public void setUser(@Nullable String user) {
    this.user = user;
  }

  /**
   * The password for {@code url}.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getPassword() {
    return password;
  }

  /**
   * Sets {@link #getPassword()}.
   *
   * @param password the text; null to unset it
   */
  public void setPassword(@Nullable String password) {
    this.password = password;
  }

  /**
   * How long a statement of a migration or of a callback around it may wait for a lock, such as
   * that on a table which somebody works with: {@code 500ms}, {@code 3s}, {@code PT3S} or a number
   * of seconds; {@code 0} for as long as it takes. Default: the server's own {@code lock_timeout}
   * is left as it is.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getMigrationLockTimeout() {
    return migrationLockTimeout;
  }

  /**
   * Sets {@link #getMigrationLockTimeout()}.
   *
   * @param migrationLockTimeout the text; null to unset it
   */
  public void setMigrationLockTimeout(@Nullable String migrationLockTimeout) {
    this.migrationLockTimeout = migrationLockTimeout;
  }

  /**
   * How long a statement of a migration or of a callback around it may take: {@code 500ms}, {@code
   * 30s}, {@code PT30S} or a number of seconds; {@code 0} for as long as it takes. Default: the
   * server's own {@code statement_timeout} is left as it is.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getMigrationStatementTimeout() {
    return migrationStatementTimeout;
  }

  /**
   * Sets {@link #getMigrationStatementTimeout()}.
   *
   * @param migrationStatementTimeout the text; null to unset it
   */
  public void setMigrationStatementTimeout(@Nullable String migrationStatementTimeout) {
    this.migrationStatementTimeout = migrationStatementTimeout;
  }

  /**
   * {@code auto}, the default: Flyway's own lock is taken at session level, so that CREATE INDEX
   * CONCURRENTLY works, unless there is a pooler or {@code flyway.postgresql.transactional.lock} is
   * set; {@code keep}: it is left alone. Before Flyway 13.12 a {@code transactional.lock=true} may
   * not be seen, and {@code keep} is the way to say it.
   *
   * @return the text as written; null if it is not set
   */
  public @Nullable String getNativeLock() {
    return nativeLock;
  }

  /**
   * Sets {@link #getNativeLock()}.
   *
   * @param nativeLock the text; null to unset it
   */
  public void setNativeLock(@Nullable String nativeLock) {
    this.nativeLock = nativeLock;
  }
}
