package io.github.advisorylock.flyway;

import io.github.advisorylock.ApplicationSetting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.configuration.ClassicConfiguration;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.extensibility.ConfigurationProvider;
import org.flywaydb.core.extensibility.Plugin;

/**
 * Adds the lock to a Flyway object. Flyway asks each of these for further settings whenever it
 * copies a configuration, and it does so for each {@code new Flyway(…)}, with the copy that nobody
 * else has.
 *
 * <p>Also carries the runs of that Flyway object, since Flyway copies its plugins along with the
 * configuration, and callbacks get to see them there, however they came into being.
 */
public final class AdvisoryLockProvider
    implements ConfigurationProvider<AdvisoryLockConfigurationExtension> {

  private static final Set<Class<? extends Callback>> CALLBACKS =
      Set.of(
          AcquireLock.class,
          AcquireLockBeforeMigrate.class,
          StartWork.class,
          FinishWork.class,
          ReleaseLock.class);

  private final LockRuns runs = new LockRuns();

  /** Whether Flyway's own lock is at session level because of us. */
  private volatile boolean nativeLockSwitched;

  private volatile Map<String, ApplicationSetting> applicationSettings = Map.of();

  /** A provider for one Flyway object. */
  public AdvisoryLockProvider() {}

  static LockRuns runsOf(Configuration flyway) {
    return of(flyway).runs;
  }

  static Map<String, ApplicationSetting> applicationSettingsOf(Configuration flyway) {
    return of(flyway).applicationSettings;
  }

  private static AdvisoryLockProvider of(Configuration flyway) {
    return Plugins.get(flyway, AdvisoryLockProvider.class);
  }

  /**
   * Gives a Flyway object settings for what is not set in its own configuration, with the same
   * effect as if they had been there when it was made.
   *
   * @throws io.github.advisorylock.LockConfigurationException if a setting cannot be used
   */
  static void apply(Map<String, ApplicationSetting> settings, ClassicConfiguration flyway) {
    AdvisoryLockProvider provider = of(flyway);
    provider.applicationSettings = settings;
    provider.getConfiguration(
        Plugins.get(flyway, AdvisoryLockConfigurationExtension.class), flyway);
  }

  /**
   * Has Flyway's own lock at the level that suits its connections, now that they are known.
   *
   * @param keepsSession whether a session-level lock may be relied upon there
   */
  static void adaptNativeLock(Configuration flyway, FlywaySettings settings, boolean keepsSession) {
    of(flyway).switchNativeLock(flyway, keepsSession ? settings.nativeLock() : NativeLock.KEEP);
  }

  private void switchNativeLock(Configuration flyway, NativeLock wanted) {
    if (wanted == NativeLock.KEEP && nativeLockSwitched) {
      NativeLock.toTransactionLevel(flyway);
      nativeLockSwitched = false;
    } else if (!nativeLockSwitched) {
      nativeLockSwitched = wanted.toSessionLevel(flyway);
    }
  }

  /** Each configuration has its own. */
  @Override
  public Plugin copy() {
    AdvisoryLockProvider copy = new AdvisoryLockProvider();
    copy.nativeLockSwitched = nativeLockSwitched;
    copy.applicationSettings = applicationSettings;
    return copy;
  }

  @Override
  public Class<AdvisoryLockConfigurationExtension> getConfigurationExtensionClass() {
    return AdvisoryLockConfigurationExtension.class;
  }

  /**
   * Checks the settings and adds the callbacks, once.
   *
   * @param texts the user's settings
   * @param flyway the Flyway object's configuration
   * @return no further settings
   * @throws io.github.advisorylock.LockConfigurationException if a setting cannot be used
   */
  @Override
  public Map<String, String> getConfiguration(
      AdvisoryLockConfigurationExtension texts, ClassicConfiguration flyway) {
    List<Callback> callbacks = new ArrayList<>(List.of(flyway.getCallbacks()));
    callbacks.removeIf(callback -> CALLBACKS.contains(callback.getClass()));
    List<String> names = new ArrayList<>(namesOfCallbacks(flyway));
    names.removeIf(name -> CALLBACKS.stream().anyMatch(type -> type.getName().equals(name)));
    Optional<FlywaySettings> settings = FlywaySettings.of(texts, flyway);
    if (settings.isPresent()) {
      List<Callback> ours = callbacksFor(flyway);
      // First, since of callbacks with the same name the first goes first.
      callbacks.addAll(0, ours);
      if (hasCallbackClasses(flyway)) { // with which Flyway replaces all others
        ours.stream()
            .map(Callback::getClass)
            .filter(type -> isVisibleTo(flyway.getClassLoader(), type))
            .forEach(type -> names.add(type.getName()));
      }
    }
    // Now if it may be, since Flyway may not tell before it is too late.
    of(flyway)
        .switchNativeLock(
            flyway,
            settings
                .filter(FlywaySettings::mayBeWithoutPooler)
                .map(FlywaySettings::nativeLock)
                .orElse(NativeLock.KEEP));
    flyway.setCallbacks(callbacks.toArray(new Callback[0]));
    flyway.setCallbacksAsClassNames(names.toArray(new String[0]));
    return Map.of();
  }

  private static List<String> namesOfCallbacks(ClassicConfiguration flyway) {
    List<String> names = flyway.getModernConfig().getFlyway().getCallbacks();
    return names == null ? List.of() : names;
  }

  private static List<Callback> callbacksFor(ClassicConfiguration flyway) {
    // Where Flyway creates the schemas, it tells so before the first change, and in time.
    Stream<Callback> atMigrate =
        flyway.isCreateSchemas() ? Stream.empty() : Stream.of(new AcquireLockBeforeMigrate());
    Stream<Callback> always =
        Stream.of(new AcquireLock(), new StartWork(), new FinishWork(), new ReleaseLock());
    return Stream.concat(atMigrate, always).toList();
  }

  /** Looks where Flyway is about to look. */
  private static boolean hasCallbackClasses(ClassicConfiguration flyway) {
    return !flyway.loadCallbackLocation("db/callback", false).isEmpty();
  }

  private static boolean isVisibleTo(ClassLoader classLoader, Class<?> type) {
    try {
      return Class.forName(type.getName(), false, classLoader) == type;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
