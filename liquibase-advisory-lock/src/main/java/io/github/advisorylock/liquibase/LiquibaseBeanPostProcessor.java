package io.github.advisorylock.liquibase;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.spring.EnvironmentSettings;
import io.github.advisorylock.spring.LockedBean;
import io.github.advisorylock.spring.LockedBeans;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import liquibase.Scope;
import liquibase.integration.spring.MultiTenantSpringLiquibase;
import liquibase.integration.spring.SpringLiquibase;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.env.Environment;

/**
 * Gives the runs of Liquibase that a bean starts the settings of the application, by a scope of
 * Liquibase's around the bean's initialization, which is when it migrates. They count where
 * Liquibase itself finds none.
 */
final class LiquibaseBeanPostProcessor implements BeanPostProcessor, DisposableBean {

  static final String PREFIX = "spring.liquibase.advisory-lock";

  private final EnvironmentSettings environment;
  private final LockedBeans lockedBeans = new LockedBeans(HeldLocks.APPLICATION);

  /** By the bean's name, the scope around its initialization. */
  private final ConcurrentMap<String, String> scopes = new ConcurrentHashMap<>();

  LiquibaseBeanPostProcessor(Environment environment) {
    this.environment = new EnvironmentSettings(environment, PREFIX, LiquibaseSettings.NAMES);
  }

  /** The beans that have come by so far, the one that migrates now included. */
  LockedBeans lockedBeans() {
    return lockedBeans;
  }

  @Override
  public Object postProcessBeforeInitialization(Object bean, String beanName) {
    if (bean instanceof SpringLiquibase one) {
      prepare(beanName, settings -> LiquibaseLockedBean.of(one, settings));
    } else if (bean instanceof MultiTenantSpringLiquibase tenants) {
      prepare(beanName, settings -> LiquibaseLockedBean.of(tenants, settings));
    }
    return bean;
  }

  private void prepare(
      String beanName, Function<Map<String, ApplicationSetting>, LockedBean> lockOf) {
    Map<String, ApplicationSetting> settings = environment.read();
    lockedBeans.add(beanName, lockOf.apply(settings));
    if (!settings.isEmpty()) {
      LiquibaseSettings.check(settings);
      enter(beanName, settings);
    }
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    leave(beanName);
    return bean;
  }

  /** Leaves what a bean has left open whose initialization failed: nobody is told of that. */
  @Override
  public void destroy() {
    scopes.keySet().forEach(this::leave);
  }

  private void enter(String beanName, Map<String, ApplicationSetting> settings) {
    try {
      scopes.put(beanName, Scope.enter(Map.of(LiquibaseSettings.APPLICATION, settings)));
    } catch (Exception e) {
      throw new IllegalStateException("Liquibase has no scope for the advisory lock's settings", e);
    }
  }

  private void leave(String beanName) {
    String scope = scopes.remove(beanName);
    if (scope == null) {
      return;
    }
    try {
      Scope.exit(scope);
    } catch (Exception e) {
      // It is another thread's, or something within it was not left: it ends with its thread.
      Scope.getCurrentScope().getLog(getClass()).fine("A scope of Liquibase's stays open", e);
    }
  }
}
