package io.github.advisorylock.spring;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * Brings {@code /actuator/advisorylock} to an application that has the actuator and exposes it: no
 * thread, connection or bean is there for it otherwise.
 */
@AutoConfiguration
@ConditionalOnClass(
    name = {
      "org.springframework.boot.actuate.endpoint.annotation.Endpoint",
      "org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint"
    })
@ConditionalOnAvailableEndpoint(endpoint = AdvisoryLockEndpoint.class) // value() is newer
@ConditionalOnBean(LockedBeans.class)
final class AdvisoryLockEndpointAutoConfiguration {

  @Bean
  AdvisoryLockEndpoint advisoryLockEndpoint(ObjectProvider<LockedBeans> tools) {
    return new AdvisoryLockEndpoint(tools.stream().toList());
  }
}
