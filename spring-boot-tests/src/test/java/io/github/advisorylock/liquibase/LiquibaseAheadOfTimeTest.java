package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.spring.AheadOfTime;
import liquibase.integration.spring.SpringLiquibase;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;

/** That Spring's preparation for native images knows all that the lock needs from it. */
class LiquibaseAheadOfTimeTest {

  @Test
  @CompileWithForkedClassLoader // generated code is in our package, and has to be in our loader
  void shouldBringTheSettingsToTheBean() {
    AheadOfTime.run(
        "spring.liquibase.advisory-lock.key=orders",
        application -> {
          assertThat(application.getBean(NotingLiquibase.class).key)
              .isEqualTo(LockKey.named("orders"));
          assertThat(application.getBean(ConfigurationPropertiesBindHandlerAdvisor.class))
              .isNotNull();
        },
        LiquibaseAdvisoryLockAutoConfiguration.class,
        Beans.class);
  }

  @Configuration(proxyBeanMethods = false)
  static class Beans {
    @Bean
    NotingLiquibase liquibase() {
      return new NotingLiquibase();
    }
  }

  /** Reads the settings where Liquibase would migrate. */
  static final class NotingLiquibase extends SpringLiquibase {

    private LockKey key;

    @Override
    public void afterPropertiesSet() {
      key = LiquibaseSettings.read().lock().key();
    }
  }
}
