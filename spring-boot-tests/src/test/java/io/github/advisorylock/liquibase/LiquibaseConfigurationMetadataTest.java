package io.github.advisorylock.liquibase;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.spring.ConfigurationMetadataContract;
import java.util.Map;
import liquibase.Scope;

class LiquibaseConfigurationMetadataTest extends ConfigurationMetadataContract {

  LiquibaseConfigurationMetadataTest() {
    super("liquibase", LiquibaseSettings.NAMES, LiquibaseSettings.class);
  }

  @Override
  protected Map<String, Enum<?>[]> choicesOfItsOwn() {
    return Map.of("tableLock", TableLock.values(), "forceRelease", ForceRelease.values());
  }

  @Override
  protected LiquibaseSettings read(Map<String, ApplicationSetting> settings) throws Exception {
    return Scope.child(
        Map.of(LiquibaseSettings.APPLICATION, settings), () -> LiquibaseSettings.read());
  }
}
