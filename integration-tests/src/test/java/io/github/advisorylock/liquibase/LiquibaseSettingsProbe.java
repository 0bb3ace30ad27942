package io.github.advisorylock.liquibase;

import io.github.advisorylock.it.SettingsProbe;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.lockservice.StandardLockService;

/**
 * What the adapter finds in Liquibase's configuration and makes of it. In a {@link SettingsProbe}'s
 * jar it prints that from within whatever runs Liquibase: as a lock service that is never the one.
 */
public final class LiquibaseSettingsProbe extends StandardLockService {

  /** All settings that there are. */
  public static List<String> names() {
    return LiquibaseSettings.NAMES;
  }

  /** What is set, as it was written. */
  public static Map<String, String> read() {
    Map<String, String> read = new TreeMap<>();
    for (String name : names()) {
      String text = AdvisoryLockConfiguration.textOf(name);
      if (text != null) {
        read.put(name, text);
      }
    }
    return read;
  }

  /** What settings mean together: equal for those that mean the same. */
  public static Object understood(Map<String, String> settings) throws Exception {
    Map<String, Object> properties =
        settings.entrySet().stream()
            .collect(
                Collectors.toMap(
                    setting -> AdvisoryLockConfiguration.PREFIX + setting.getKey(),
                    Map.Entry::getValue));
    return Scope.child(properties, () -> LiquibaseSettings.read());
  }

  @Override
  public boolean supports(Database database) {
    read().forEach((name, text) -> System.out.println(SettingsProbe.MARK + name + "=" + text));
    return false;
  }
}
