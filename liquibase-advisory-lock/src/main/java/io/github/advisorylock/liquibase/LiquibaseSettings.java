package io.github.advisorylock.liquibase;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SettingReader;
import io.github.advisorylock.WorkTimeouts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import liquibase.GlobalConfiguration;
import liquibase.Scope;
import liquibase.configuration.ConfigurationDefinition;
import liquibase.database.Database;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the current scope, understood and checked.
 *
 * @param lock the settings that every tool has
 * @param tableLock what an old table lock leads to
 * @param forceRelease what a forced release does to the holder
 */
record LiquibaseSettings(LockSettings lock, TableLock tableLock, ForceRelease forceRelease) {

  /** What the application says is in Liquibase's scope under this name. */
  static final String APPLICATION = "io.github.advisorylock.liquibase.application";

  private static final String TABLE_LOCK = "tableLock";
  private static final String FORCE_RELEASE = "forceRelease";

  static final List<String> NAMES =
      Stream.concat(LockSettings.names().stream(), Stream.of(TABLE_LOCK, FORCE_RELEASE)).toList();

  private static final long MOST_MINUTES = Duration.ofDays(365).toMinutes();

  /**
   * Reads the settings.
   *
   * @param waitMinutes Liquibase's wait time as a program has set it on the service; null if none
   *     did
   * @param pollSeconds Liquibase's poll rate, likewise
   * @throws io.github.advisorylock.LockConfigurationException if one of them cannot be used
   */
  static LiquibaseSettings read(@Nullable Long waitMinutes, @Nullable Long pollSeconds) {
    return read(reader(), waitMinutes, pollSeconds);
  }

  private static LiquibaseSettings read(
      SettingReader reader, @Nullable Long waitMinutes, @Nullable Long pollSeconds) {
    RetryPolicy unset =
        unlessSet(
            waitMinutes != null
                ? waitMinutes
                : setByUser(GlobalConfiguration.CHANGELOGLOCK_WAIT_TIME),
            pollSeconds != null
                ? pollSeconds
                : setByUser(GlobalConfiguration.CHANGELOGLOCK_POLL_RATE));
    return new LiquibaseSettings(
        LockSettings.read(reader, unset),
        reader.choice(TABLE_LOCK, TableLock.WARN),
        reader.choice(FORCE_RELEASE, ForceRelease.REPORT));
  }

  static LiquibaseSettings read() {
    return read(null, null);
  }

  /** Whether there is to be a lock at all, without a look at the other settings. */
  static boolean isActive() {
    return isActive(reader());
  }

  /**
   * Reads them as a run will do that has the application's.
   *
   * @return empty if there is to be no lock
   * @throws io.github.advisorylock.LockConfigurationException if one of them cannot be used
   */
  static Optional<LiquibaseSettings> of(Map<String, ApplicationSetting> application) {
    SettingReader reader = reader(application);
    return isActive(reader) ? Optional.of(read(reader, null, null)) : Optional.empty();
  }

  /**
   * Sees whether they can be used together with the application's.
   *
   * @throws io.github.advisorylock.LockConfigurationException if one of them cannot
   */
  static void check(Map<String, ApplicationSetting> application) {
    of(application);
  }

  private static boolean isActive(SettingReader reader) {
    return reader.flag("active", true);
  }

  /**
   * Whether one of Liquibase's own sources has any, which is for the database that Liquibase works
   * on; an application's are for all of its databases, and perhaps for another one in its tests.
   */
  static boolean areSetHere() {
    return NAMES.stream().anyMatch(name -> AdvisoryLockConfiguration.textOf(name) != null);
  }

  /**
   * Whether there are to be timeouts for the work.
   *
   * @throws io.github.advisorylock.LockConfigurationException if one of the settings cannot be used
   */
  static boolean haveTimeoutsForWork() {
    return !LockSettings.timeouts(reader()).equals(WorkTimeouts.NONE);
  }

  private static SettingReader reader() {
    return reader(application());
  }

  private static SettingReader reader(Map<String, ApplicationSetting> application) {
    return new SettingReader(AdvisoryLockConfiguration.PREFIX, AdvisoryLockConfiguration::textOf)
        .orElse(application);
  }

  @SuppressWarnings("unchecked") // nobody else uses that name
  private static Map<String, ApplicationSetting> application() {
    return Objects.requireNonNullElse(
        Scope.getCurrentScope().get(APPLICATION, Map.class), Map.of());
  }

  private static @Nullable Long setByUser(ConfigurationDefinition<Long> definition) {
    var configured = definition.getCurrentConfiguredValue();
    return configured.wasDefaultValueUsed() ? null : configured.getValue();
  }

  /** Liquibase takes what is below its least for that least, and so do we. */
  private static RetryPolicy unlessSet(@Nullable Long waitMinutes, @Nullable Long pollSeconds) {
    RetryPolicy standard = RetryPolicy.DEFAULT;
    Duration timeout = standard.timeout();
    if (waitMinutes != null) {
      timeout =
          waitMinutes > MOST_MINUTES
              ? RetryPolicy.NO_TIMEOUT
              : Duration.ofMinutes(Math.max(0, waitMinutes));
    }
    Duration maxDelay =
        pollSeconds == null
            ? standard.maxDelay()
            : Duration.ofSeconds(Math.min(Math.max(1, pollSeconds), MOST_MINUTES * 60));
    return new RetryPolicy(
        timeout, standard.maxAttempts(), standard.firstDelay(), standard.step(), maxDelay);
  }

  /** The policy that tries once. */
  RetryPolicy withoutWaiting() {
    RetryPolicy retry = lock.retry();
    return new RetryPolicy(Duration.ZERO, 1, retry.firstDelay(), retry.step(), retry.maxDelay());
  }

  /**
   * The key to lock. With scope schema it is that of the schema that the changes work in, which
   * need not be the one that holds Liquibase's own tables.
   */
  LockKey keyFor(Database database) {
    return lock.keyFor(() -> Objects.requireNonNullElse(database.getDefaultSchemaName(), ""));
  }
}
