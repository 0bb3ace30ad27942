package io.github.advisorylock.liquibase;

import io.github.advisorylock.spring.LockedBeans;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Brings {@code spring.liquibase.advisory-lock.*} to every run of Liquibase that a bean of a Spring
 * Boot application starts.
 */
@AutoConfiguration(
    beforeName = {
      "io.github.advisorylock.spring.AdvisoryLockEndpointAutoConfiguration",
      "io.github.advisorylock.spring.AdvisoryLockMetricsAutoConfiguration"
    })
@ConditionalOnClass(name = "liquibase.integration.spring.SpringLiquibase")
final class LiquibaseAdvisoryLockAutoConfiguration {

  /** Static, and without any bean: a post-processor must not have anything created early. */
  @Bean
  static LiquibaseBeanPostProcessor liquibaseAdvisoryLockBeanPostProcessor(
      Environment environment) {
    return new LiquibaseBeanPostProcessor(environment);
  }

  @Bean
  LockedBeans liquibaseLockedBeans(LiquibaseBeanPostProcessor liquibases) {
    return liquibases.lockedBeans();
  }

  /** Spring Boot refuses what it does not know under {@code spring.liquibase}. */
  @Bean
  static ConfigurationPropertiesBindHandlerAdvisor liquibaseAdvisoryLockBindHandlerAdvisor() {
    return LockPropertiesBindHandler::new;
  }
}
