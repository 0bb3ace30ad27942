package io.github.advisorylock.flyway;

import io.github.advisorylock.it.SettingsProbe;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.ClassicConfiguration;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.extensibility.ConfigurationProvider;

/**
 * What the adapter finds in Flyway's configuration and makes of it. In a {@link SettingsProbe}'s
 * jar it prints that from within whatever runs Flyway.
 */
public final class FlywaySettingsProbe
    implements ConfigurationProvider<AdvisoryLockConfigurationExtension> {

  /** All settings that there are. */
  public static List<String> names() {
    return FlywaySettings.NAMES;
  }

  /** What is set, as it was written. */
  public static Map<String, String> read(Configuration flyway) {
    return read(Plugins.get(flyway, AdvisoryLockConfigurationExtension.class));
  }

  private static Map<String, String> read(AdvisoryLockConfigurationExtension texts) {
    Map<String, String> read = new TreeMap<>();
    for (String name : names()) {
      String text = texts.textOf(name);
      if (text != null) {
        read.put(name, text);
      }
    }
    return read;
  }

  /** What settings mean together: equal for those that mean the same. */
  public static Object understood(Map<String, String> settings) {
    Map<String, String> properties =
        settings.entrySet().stream()
            .collect(
                Collectors.toMap(
                    setting -> FlywaySettings.PREFIX + setting.getKey(), Map.Entry::getValue));
    return FlywaySettings.of(Flyway.configure().configuration(properties).load().getConfiguration())
        .<Object>map(read -> List.of(read.lock(), read.nativeLock()))
        .orElse("not active");
  }

  @Override
  public Class<AdvisoryLockConfigurationExtension> getConfigurationExtensionClass() {
    return AdvisoryLockConfigurationExtension.class;
  }

  @Override
  public Map<String, String> getConfiguration(
      AdvisoryLockConfigurationExtension texts, ClassicConfiguration flyway) {
    read(texts).forEach((name, text) -> System.out.println(SettingsProbe.MARK + name + "=" + text));
    return Map.of();
  }
}
