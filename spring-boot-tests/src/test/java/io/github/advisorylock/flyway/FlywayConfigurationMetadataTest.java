package io.github.advisorylock.flyway;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.spring.ConfigurationMetadataContract;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.ClassicConfiguration;

class FlywayConfigurationMetadataTest extends ConfigurationMetadataContract {

  FlywayConfigurationMetadataTest() {
    super("flyway", FlywaySettings.NAMES, FlywaySettings.class);
  }

  @Override
  protected Map<String, Enum<?>[]> choicesOfItsOwn() {
    return Map.of("nativeLock", NativeLock.values());
  }

  @Override
  protected List<Object> read(Map<String, ApplicationSetting> settings) {
    ClassicConfiguration flyway =
        (ClassicConfiguration) Flyway.configure().load().getConfiguration();
    AdvisoryLockProvider.apply(settings, flyway);
    FlywaySettings read = FlywaySettings.of(flyway).orElseThrow();
    return List.of(read.lock(), read.nativeLock());
  }
}
