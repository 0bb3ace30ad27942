package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.spring.AheadOfTime;
import io.github.advisorylock.spring.LockConfigurationFailureAnalyzer;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;

/** That Spring's preparation for native images knows all that the lock needs from it. */
class FlywayAheadOfTimeTest {

  @Test
  @CompileWithForkedClassLoader // generated code is in our package, and has to be in our loader
  void shouldBringTheSettingsToTheBean() {
    RuntimeHints hints =
        AheadOfTime.run(
            "spring.flyway.advisory-lock.key=orders",
            application ->
                assertThat(
                        FlywaySettings.of(application.getBean(Flyway.class).getConfiguration()))
                    .hasValueSatisfying(
                        settings ->
                            assertThat(settings.lock().key()).isEqualTo(LockKey.named("orders"))),
            FlywayAdvisoryLockAutoConfiguration.class,
            Beans.class);

    assertThat(RuntimeHintsPredicates.reflection().onType(LockConfigurationFailureAnalyzer.class))
        .accepts(hints);
  }

  @Configuration(proxyBeanMethods = false)
  static class Beans {
    @Bean
    Flyway flyway() {
      return Flyway.configure().load();
    }
  }
}
