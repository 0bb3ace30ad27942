package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.spring.BeanSettingsContract;
import io.github.advisorylock.spring.BootTypes;
import io.github.advisorylock.spring.LockedBeans;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** That each Flyway bean has the settings of the application's configuration. */
class FlywayBeansTest extends BeanSettingsContract {

  private final ApplicationContextRunner withoutFlyway =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(FlywayAdvisoryLockAutoConfiguration.class));

  private final ApplicationContextRunner application =
      withoutFlyway.withBean("flyway", Flyway.class, () -> Flyway.configure().load());

  private static FlywaySettings settings(ApplicationContext application, String bean) {
    return FlywaySettings.of(application.getBean(bean, Flyway.class).getConfiguration())
        .orElseThrow();
  }

  FlywayBeansTest() {
    super("flyway");
  }

  @Override
  protected ApplicationContextRunner withoutBean() {
    return withoutFlyway;
  }

  @Override
  protected ApplicationContextRunner withOwnBean() {
    return application;
  }

  /** Of Flyway's properties, Spring Boot refuses none. */
  @Override
  protected ApplicationContextRunner withStrictBean() {
    return application;
  }

  @Override
  protected LockSettings lock(ApplicationContext application) {
    return settings(application, "flyway").lock();
  }

  @Override
  protected Map<String, String> told(ApplicationContext application) {
    return AdvisoryLockProvider.applicationSettingsOf(
            application.getBean(Flyway.class).getConfiguration())
        .entrySet()
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, setting -> setting.getValue().text()));
  }

  @Override
  protected Map<String, String> toldOf(Map<String, String> texts) {
    return texts;
  }

  /** The bean has no data source. */
  @Override
  protected void assertUntouched() {}

  @Override
  protected List<String> names() {
    return FlywaySettings.NAMES;
  }

  @Override
  protected String ownSetting() {
    return "native-lock";
  }

  @Override
  protected String ownSettingAllowed() {
    return "auto or keep";
  }

  @Override
  protected String packages() {
    return "org.flywaydb";
  }

  private static Flyway flyway(Consumer<AdvisoryLockConfigurationExtension> settings) {
    FluentConfiguration configuration = Flyway.configure();
    settings.accept(Plugins.get(configuration, AdvisoryLockConfigurationExtension.class));
    return configuration.load();
  }

  @Test
  void shouldTakeEachSetting() {
    application
        .withPropertyValues(
            prefix + "key=orders",
            prefix + "scope=schema",
            prefix + "timeout=90",
            prefix + "max-attempts=7",
            prefix + "backoff=200ms",
            prefix + "backoff-step=300ms",
            prefix + "max-backoff=PT2S",
            prefix + "wake-up=false",
            prefix + "lease=1m",
            prefix + "pooling=session",
            prefix + "url=jdbc:postgresql://direct/app",
            prefix + "user=locker",
            prefix + "password=secret",
            prefix + "migration-lock-timeout=3s",
            prefix + "migration-statement-timeout=10m",
            prefix + "native-lock=keep")
        .run(
            context -> {
              FlywaySettings expected =
                  FlywaySettings.of(
                          flyway(
                                  own -> {
                                    own.setKey("orders");
                                    own.setScope("schema");
                                    own.setTimeout("90s");
                                    own.setMaxAttempts("7");
                                    own.setBackoff("200ms");
                                    own.setBackoffStep("300ms");
                                    own.setMaxBackoff("2s");
                                    own.setWakeUp("false");
                                    own.setLease("60s");
                                    own.setPooling("session");
                                    own.setUrl("jdbc:postgresql://direct/app");
                                    own.setUser("locker");
                                    own.setPassword("secret");
                                    own.setMigrationLockTimeout("3");
                                    own.setMigrationStatementTimeout("600s");
                                    own.setNativeLock("keep");
                                  })
                              .getConfiguration())
                      .orElseThrow();
              assertThat(lock(context)).isEqualTo(expected.lock());
              assertThat(settings(context, "flyway").nativeLock()).isEqualTo(NativeLock.KEEP);
            });
  }

  @Test
  void shouldTakeABlankOneForNone() {
    application
        .withPropertyValues(prefix + "url=${LOCK_URL:}")
        .run(context -> assertThat(lock(context).connection()).isNull());
  }

  @Test
  void shouldDoNothingWhenNotActive() {
    application
        .withPropertyValues(prefix + "active=false")
        .run(
            context ->
                assertThat(context.getBean(Flyway.class).getConfiguration())
                    .satisfies(
                        flyway -> {
                          assertThat(FlywaySettings.of(flyway)).isEmpty();
                          assertThat(flyway.getCallbacks()).isEmpty();
                        }));
  }

  @ParameterizedTest
  @CsvSource({
    "active, false",
    "native-lock, keep",
    "pooling, transaction",
    "url, jdbc:postgresql://direct/app"
  })
  void shouldLeaveFlywaysOwnLockAlone(String name, String text) {
    application
        .withPropertyValues(prefix + name + "=" + text)
        .run(context -> assertThat(hasItsOwnLockInATransaction(context)).isTrue());
  }

  @Test
  void shouldHaveFlywaysOwnLockAtSessionLevelOtherwise() {
    application
        .withPropertyValues(prefix + "key=orders")
        .run(context -> assertThat(hasItsOwnLockInATransaction(context)).isFalse());
  }

  private static boolean hasItsOwnLockInATransaction(ApplicationContext context) {
    return Plugins.get(
            context.getBean(Flyway.class).getConfiguration(),
            PostgreSQLConfigurationExtension.class)
        .isTransactionalLock();
  }

  @Test
  void shouldReachTheBeanThatSpringBootMakesAndLetItsCustomizersWin() {
    ApplicationContextRunner boot =
        withoutFlyway
            .withConfiguration(
                AutoConfigurations.of(BootTypes.of("flyway", "FlywayAutoConfiguration")))
            .withPropertyValues("spring.flyway.url=jdbc:postgresql://nowhere/app")
            .withPropertyValues(prefix + "key=orders", prefix + "max-attempts=7");
    boot = BootTypes.withBean(boot, BootTypes.of("flyway", "FlywayMigrationStrategy"), flyway -> {});
    boot =
        BootTypes.withBean(
            boot,
            BootTypes.of("flyway", "FlywayConfigurationCustomizer"),
            flyway ->
                Plugins.get((FluentConfiguration) flyway, AdvisoryLockConfigurationExtension.class)
                    .setKey("mine"));

    boot.run(
        context -> {
          assertThat(lock(context).key()).isEqualTo(LockKey.named("mine"));
          assertThat(lock(context).retry().maxAttempts()).isEqualTo(7);
        });
  }

  @Test
  void shouldLeaveEachOfSeveralBeansItsOwn() {
    application
        .withBean("billing", Flyway.class, () -> flyway(own -> own.setKey("billing")))
        .withBean("stock", Flyway.class, () -> flyway(own -> own.setMaxAttempts("3")))
        .withPropertyValues(prefix + "key=orders", prefix + "max-attempts=7")
        .run(
            context -> {
              LockSettings billing = settings(context, "billing").lock();
              LockSettings stock = settings(context, "stock").lock();

              assertThat(billing.key()).isEqualTo(LockKey.named("billing"));
              assertThat(billing.retry().maxAttempts()).isEqualTo(7);
              assertThat(stock.key()).isEqualTo(LockKey.named("orders"));
              assertThat(stock.retry().maxAttempts()).isEqualTo(3);
            });
  }

  @Test
  void shouldNotSendItsPasswordToAnotherBeansServer() {
    withoutFlyway
        .withBean("flyway", Flyway.class, () -> flyway(own -> own.setUrl("jdbc:postgresql://b/b")))
        .withPropertyValues(prefix + "url=jdbc:postgresql://a/a", prefix + "password=secret")
        .run(
            context ->
                assertThat(lock(context).connection())
                    .isEqualTo(new ConnectionSettings("jdbc:postgresql://b/b", null, null)));
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void shouldMigrateAnotherKindOfDatabaseWithoutAWarning(CapturedOutput output) {
    withoutFlyway
        .withBean(
            "flyway",
            Flyway.class,
            () -> Flyway.configure().dataSource("jdbc:h2:mem:boot", "sa", "").load())
        .withPropertyValues(prefix + "key=orders")
        .run(context -> assertThat(context.getBean(Flyway.class).migrate().success).isTrue());

    assertThat(output.getAll().lines())
        .filteredOn(line -> line.contains("advisory lock"))
        .allMatch(line -> line.contains("DEBUG"));
  }

  @Test
  void shouldStartWithMetersThatNeedTheMigratedDatabase() {
    application
        .withUserConfiguration(MetersThatNeedFlyway.class)
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              assertThat(context.getBean(MeterRegistry.class)).isNotNull();
            });
  }

  @Configuration(proxyBeanMethods = false)
  static class MetersThatNeedFlyway {
    @Bean
    @Lazy
    MeterRegistry meters(Flyway flyway) {
      assertThat(flyway.getConfiguration()).isNotNull();
      return new SimpleMeterRegistry();
    }
  }

  @Test
  void shouldTellTheLockOfEachBean() {
    application
        .withBean("billing", Flyway.class, () -> flyway(own -> own.setKey("billing")))
        .withPropertyValues(prefix + "key=orders")
        .run(
            context -> {
              assertThat(keys(context, "flyway")).containsExactly(LockKey.named("orders"));
              assertThat(keys(context, "billing")).containsExactly(LockKey.named("billing"));
            });
  }

  @Test
  void shouldTellTheLockOfTheSchemaThatABeanMigrates() {
    application
        .withBean("shop", Flyway.class, () -> Flyway.configure().defaultSchema("shop").load())
        .withPropertyValues(prefix + "scope=schema")
        .run(
            context -> {
              assertThat(keys(context, "shop")).containsExactly(LockKey.MIGRATION.within("shop"));
              assertThat(keys(context, "flyway"))
                  .containsExactly(LockKey.MIGRATION.within("PUBLIC"));
            });
  }

  @Test
  void shouldTellThatABeanIsNotLocked() {
    application
        .withPropertyValues(prefix + "active=false")
        .run(
            context -> {
              assertThat(locked(context, "flyway").isLocked()).isFalse();
              assertThat(keys(context, "flyway")).isEmpty();
            });
  }

  @Test
  void shouldConnectToTheDatabaseThatABeanMigrates() {
    withoutFlyway
        .withBean(
            "flyway",
            Flyway.class,
            () -> Flyway.configure().dataSource("jdbc:h2:mem:shop", "sa", "").load())
        .run(
            context -> {
              try (Connection connection = locked(context, "flyway").connect()) {
                assertThat(connection.getMetaData().getURL()).isEqualTo("jdbc:h2:mem:shop");
              }
            });
  }

  @Test
  void shouldNotMakeABeanThatNobodyHasAskedFor() {
    withoutFlyway
        .withBean(
            "flyway",
            Flyway.class,
            () -> {
              throw new AssertionError("made");
            },
            definition -> definition.setLazyInit(true))
        .run(context -> assertThat(context.getBean(LockedBeans.class).byName()).isEmpty());
  }
}
