package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.AdvisoryLockMetrics;
import io.github.advisorylock.LockKey;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.ClassUtils;

/** That no meter is missed by a registry that is made when all migrations are over. */
class MetersIT {

  private static final Class<?> ADVISORY_LOCK =
      ClassUtils.resolveClassName(
          "io.github.advisorylock.flyway.FlywayAdvisoryLockAutoConfiguration", null);

  private static double held(MeterRegistry registry) {
    return registry
        .get("advisory.lock.held")
        .tags("tool", "flyway", "outcome", "released")
        .functionTimer()
        .count();
  }

  private static double heldByNow() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    new AdvisoryLockMetrics(List.of("flyway")).bindTo(registry);
    return held(registry);
  }

  @Test
  void shouldShowWhatWasHeldBeforeThereWasARegistry() throws SQLException {
    try (FreshDatabase database = new FreshDatabase()) {
      double before = heldByNow();

      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  ADVISORY_LOCK,
                  AdvisoryLockMetricsAutoConfiguration.class,
                  BootTypes.metricsAutoConfiguration()))
          .withBean("flyway", Flyway.class, () -> flywayOf(database))
          .withBean(
              MeterRegistry.class,
              SimpleMeterRegistry::new,
              definition -> definition.setLazyInit(true))
          .withPropertyValues(
              "spring.flyway.advisory-lock.key=orders",
              "management.metrics.use-global-registry=false")
          .run(
              context -> {
                context.getBean(Flyway.class).migrate();
                assertThat(database.numbers("SELECT key FROM flyway_keys"))
                    .contains(LockKey.named("orders").value());

                assertThat(held(context.getBean(MeterRegistry.class))).isEqualTo(before + 1);
              });
    }
  }

  private static Flyway flywayOf(FreshDatabase database) {
    return Flyway.configure()
        .dataSource(database.url(), database.user(), database.password())
        .locations("classpath:db/slice/migration")
        .load();
  }
}
