package io.github.advisorylock.flyway;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.spring.EnvironmentSettings;
import io.github.advisorylock.spring.LockedBeans;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.ClassicConfiguration;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.env.Environment;

/**
 * Gives each Flyway bean the settings of the application before anybody can migrate with it. They
 * count where the bean's own configuration has none, so that what a customizer set stays.
 */
final class FlywayBeanPostProcessor implements BeanPostProcessor {

  private static final String PREFIX = "spring.flyway.advisory-lock";

  private final EnvironmentSettings environment;
  private final LockedBeans lockedBeans = new LockedBeans(LockRuns.APPLICATION);

  FlywayBeanPostProcessor(Environment environment) {
    this.environment = new EnvironmentSettings(environment, PREFIX, FlywaySettings.NAMES);
  }

  /** The beans that have come by so far. */
  LockedBeans lockedBeans() {
    return lockedBeans;
  }

  @Override
  public Object postProcessBeforeInitialization(Object bean, String beanName) {
    if (bean instanceof Flyway flyway
        && flyway.getConfiguration() instanceof ClassicConfiguration configuration) {
      Map<String, ApplicationSetting> settings = environment.read();
      if (!settings.isEmpty()) {
        AdvisoryLockProvider.apply(settings, configuration);
      }
      lockedBeans.add(beanName, new FlywayLockedBean(configuration));
    }
    return bean;
  }
}
