package io.github.advisorylock.flyway;

import io.github.advisorylock.spring.LockedBeans;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Brings {@code spring.flyway.advisory-lock.*} to every Flyway bean of a Spring Boot application.
 */
@AutoConfiguration(
    beforeName = {
      "io.github.advisorylock.spring.AdvisoryLockEndpointAutoConfiguration",
      "io.github.advisorylock.spring.AdvisoryLockMetricsAutoConfiguration"
    })
@ConditionalOnClass(name = "org.flywaydb.core.Flyway")
final class FlywayAdvisoryLockAutoConfiguration {

  /** Static, and without any bean: a post-processor must not have anything created early. */
  @Bean
  static FlywayBeanPostProcessor flywayAdvisoryLockBeanPostProcessor(Environment environment) {
    return new FlywayBeanPostProcessor(environment);
  }

  @Bean
  LockedBeans flywayLockedBeans(FlywayBeanPostProcessor flyways) {
    return flyways.lockedBeans();
  }
}
