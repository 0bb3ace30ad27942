package io.github.advisorylock.flyway;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SettingReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.flywaydb.core.api.configuration.Configuration;

/**
 * The settings of one Flyway object, understood and checked.
 *
 * @param lock the settings that every tool has
 * @param nativeLock what happens to Flyway's own lock
 * @param setHere whether Flyway's own configuration has any, which is for this very database; an
 *     application's are for all of its databases, and perhaps for another one in its tests
 */
record FlywaySettings(LockSettings lock, NativeLock nativeLock, boolean setHere) {

  static final String PREFIX = "flyway." + AdvisoryLockConfigurationExtension.NAMESPACE + ".";

  private static final String NATIVE_LOCK = "nativeLock";

  static final List<String> NAMES =
      Stream.concat(LockSettings.names().stream(), Stream.of(NATIVE_LOCK)).toList();

  private static final int DEFAULT_LOCK_RETRY_COUNT = 50;

  /**
   * Reads the settings.
   *
   * @return empty if the lock is not to be active
   * @throws io.github.advisorylock.LockConfigurationException if one of them cannot be used
   */
  static Optional<FlywaySettings> of(
      AdvisoryLockConfigurationExtension texts, Configuration flyway) {
    Map<String, ApplicationSetting> application =
        AdvisoryLockProvider.applicationSettingsOf(flyway);
    SettingReader reader = new SettingReader(PREFIX, texts::textOf).orElse(application);
    if (!reader.flag("active", true)) {
      return Optional.empty();
    }
    return Optional.of(
        new FlywaySettings(
            LockSettings.read(reader, retryUnlessSet(flyway.getLockRetryCount())),
            reader.choice(NATIVE_LOCK, NativeLock.AUTO),
            NAMES.stream().anyMatch(name -> texts.textOf(name) != null)));
  }

  static Optional<FlywaySettings> of(Configuration flyway) {
    return of(Plugins.get(flyway, AdvisoryLockConfigurationExtension.class), flyway);
  }

  /** Flyway's own count is one of tries a second apart; -1 is no bound. */
  private static RetryPolicy retryUnlessSet(int lockRetryCount) {
    RetryPolicy standard = RetryPolicy.DEFAULT;
    if (lockRetryCount == DEFAULT_LOCK_RETRY_COUNT) {
      return standard;
    }
    return new RetryPolicy(
        lockRetryCount < 0 ? RetryPolicy.NO_TIMEOUT : Duration.ofSeconds(lockRetryCount),
        standard.maxAttempts(),
        standard.firstDelay(),
        standard.step(),
        standard.maxDelay());
  }

  /** Whether nothing is known yet that speaks against a session-level lock of Flyway's. */
  boolean mayBeWithoutPooler() {
    return lock.connection() == null && lock.session().pooling() != Pooling.TRANSACTION;
  }
}
