package io.github.advisorylock.spring;

import io.github.advisorylock.AdvisoryLockMetrics;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * Brings the meters of the lock to each registry of the application, also if it keeps its
 * registries out of Micrometer's global one, and before anybody has taken a lock.
 */
@AutoConfiguration
@ConditionalOnClass(name = "io.micrometer.core.instrument.binder.MeterBinder")
@ConditionalOnBean(LockedBeans.class)
final class AdvisoryLockMetricsAutoConfiguration {

  @Bean
  AdvisoryLockMetrics advisoryLockMetrics(ObjectProvider<LockedBeans> tools) {
    return new AdvisoryLockMetrics(tools.stream().map(LockedBeans::tool).toList());
  }
}
