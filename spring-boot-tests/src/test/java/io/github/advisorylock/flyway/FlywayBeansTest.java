package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.spring.BootTypes;
import io.github.advisorylock.spring.LockConfigurationFailureAnalyzer;
import io.github.advisorylock.spring.LockedBean;
import io.github.advisorylock.spring.LockedBeans;
import io.github.advisorylock.spring.ManualSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** That each Flyway bean has the settings of the application's configuration. */
class FlywayBeansTest {

  private static final String PREFIX = "spring.flyway.advisory-lock.";
  private static final ManualSettings MANUAL = ManualSettings.of("flyway");

  private final ApplicationContextRunner withoutFlyway =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(FlywayAdvisoryLockAutoConfiguration.class));

  private final ApplicationContextRunner application =
      withoutFlyway.withBean("flyway", Flyway.class, () -> Flyway.configure().load());

  private static FlywaySettings settings(ApplicationContext application, String bean) {
    return FlywaySettings.of(application.getBean(bean, Flyway.class).getConfiguration())
        .orElseThrow();
  }

  private static LockSettings lock(ApplicationContext application) {
    return settings(application, "flyway").lock();
  }

  private static Flyway flyway(Consumer<AdvisoryLockConfigurationExtension> settings) {
    FluentConfiguration configuration = Flyway.configure();
    settings.accept(Plugins.get(configuration, AdvisoryLockConfigurationExtension.class));
    return configuration.load();
  }

  @Test
  void shouldHaveTheDefaultsUnlessSomethingIsSet() {
    application.run(
        context -> {
          assertThat(lock(context).key()).isEqualTo(LockKey.MIGRATION);
          assertThat(lock(context).retry()).isEqualTo(RetryPolicy.DEFAULT);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spring.flyway.advisory-lock.max-attempts=7",
        "spring.flyway.advisoryLock.maxAttempts=7",
        "spring.flyway.advisory_lock.max_attempts=7"
      })
  void shouldTakeEachSpelling(String property) {
    application
        .withPropertyValues(property)
        .run(context -> assertThat(lock(context).retry().maxAttempts()).isEqualTo(7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SPRING_FLYWAY_ADVISORYLOCK_MAXATTEMPTS=7",
        "SPRING_FLYWAY_ADVISORY_LOCK_MAX_ATTEMPTS=7"
      })
  void shouldTakeTheEnvironment(String variable) {
    application
        .withInitializer(
            context ->
                TestPropertyValues.of(variable)
                    .applyTo(
                        context.getEnvironment(), TestPropertyValues.Type.SYSTEM_ENVIRONMENT))
        .run(context -> assertThat(lock(context).retry().maxAttempts()).isEqualTo(7));
  }

  @Test
  void shouldTakeEachSetting() {
    application
        .withPropertyValues(
            PREFIX + "key=orders",
            PREFIX + "scope=schema",
            PREFIX + "timeout=90",
            PREFIX + "max-attempts=7",
            PREFIX + "backoff=200ms",
            PREFIX + "backoff-step=300ms",
            PREFIX + "max-backoff=PT2S",
            PREFIX + "wake-up=false",
            PREFIX + "lease=1m",
            PREFIX + "pooling=session",
            PREFIX + "url=jdbc:postgresql://direct/app",
            PREFIX + "user=locker",
            PREFIX + "password=secret",
            PREFIX + "migration-lock-timeout=3s",
            PREFIX + "migration-statement-timeout=10m",
            PREFIX + "native-lock=keep")
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
  void shouldTakeEachPropertyOfTheManual() {
    application
        .withPropertyValues(MANUAL.properties())
        .run(context -> assertThat(told(context)).isEqualTo(MANUAL.examples()));
  }

  @Test
  void shouldTakeEachVariableOfTheManual() {
    application
        .withInitializer(
            context ->
                TestPropertyValues.of(MANUAL.variables())
                    .applyTo(
                        context.getEnvironment(), TestPropertyValues.Type.SYSTEM_ENVIRONMENT))
        .run(context -> assertThat(told(context)).isEqualTo(MANUAL.examples()));
  }

  @Test
  void shouldFindEachSettingInTheManual() {
    assertThat(MANUAL.examples())
        .containsOnlyKeys(FlywaySettings.NAMES.toArray(String[]::new));
  }

  private static Map<String, String> told(ApplicationContext context) {
    return AdvisoryLockProvider.applicationSettingsOf(
            context.getBean(Flyway.class).getConfiguration())
        .entrySet()
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, setting -> setting.getValue().text()));
  }

  @Test
  void shouldTakeABlankOneForNone() {
    application
        .withPropertyValues(PREFIX + "url=${LOCK_URL:}")
        .run(context -> assertThat(lock(context).connection()).isNull());
  }

  @Test
  void shouldDoNothingWhenNotActive() {
    application
        .withPropertyValues(PREFIX + "active=false")
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
        .withPropertyValues(PREFIX + name + "=" + text)
        .run(context -> assertThat(hasItsOwnLockInATransaction(context)).isTrue());
  }

  @Test
  void shouldHaveFlywaysOwnLockAtSessionLevelOtherwise() {
    application
        .withPropertyValues(PREFIX + "key=orders")
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
            .withPropertyValues(PREFIX + "key=orders", PREFIX + "max-attempts=7");
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
        .withPropertyValues(PREFIX + "key=orders", PREFIX + "max-attempts=7")
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
        .withPropertyValues(PREFIX + "url=jdbc:postgresql://a/a", PREFIX + "password=secret")
        .run(
            context ->
                assertThat(lock(context).connection())
                    .isEqualTo(new ConnectionSettings("jdbc:postgresql://b/b", null, null)));
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void shouldMigrateAnotherKindOfDatabaseAndWarnThatThereIsNoLock(CapturedOutput output) {
    withoutFlyway
        .withBean(
            "flyway",
            Flyway.class,
            () -> Flyway.configure().dataSource("jdbc:h2:mem:boot", "sa", "").load())
        .withPropertyValues(PREFIX + "key=orders")
        .run(context -> assertThat(context.getBean(Flyway.class).migrate().success).isTrue());

    assertThat(output).contains("No advisory lock: the database is not PostgreSQL, but H2");
  }

  @ParameterizedTest
  @CsvSource({
    "max-attempts, few, 'a whole number from 1 to 999999999, or unlimited'",
    "maxAttempts, 0, 'a whole number from 1 to 999999999, or unlimited'",
    "native-lock, perhaps, auto or keep"
  })
  void shouldReportAWrongSettingAsTheUserWroteIt(String name, String text, String allowed) {
    application
        .withPropertyValues(PREFIX + name + "=" + text)
        .run(
            context ->
                assertThat(analysis(context.getStartupFailure()).getDescription())
                    .startsWith(PREFIX + name + " (")
                    .endsWith(") is '%s', but must be %s".formatted(text, allowed)));
  }

  /** Such as in YAML, where all of them are commented out. */
  @Test
  void shouldTakeAnEmptyTextForNoSettings() {
    application
        .withPropertyValues("spring.flyway.advisory-lock=")
        .run(context -> assertThat(context).hasNotFailed());
  }

  @Test
  void shouldReportATextWhereSettingsShouldBe() {
    application
        .withPropertyValues("spring.flyway.advisory-lock=false")
        .run(
            context ->
                assertThat(analysis(context.getStartupFailure()).getDescription())
                    .startsWith("spring.flyway.advisory-lock must not have a value of its own, but settings: [active"));
  }

  @Test
  void shouldReportASettingThatDoesNotExist() {
    application
        .withPropertyValues(PREFIX + "timeot=5s")
        .run(
            context ->
                assertThat(analysis(context.getStartupFailure()).getDescription())
                    .startsWith(PREFIX + "timeot is no setting of the advisory lock; there are [")
                    .contains("max-attempts", "native-lock"));
  }

  private static FailureAnalysis analysis(Throwable failure) {
    return new LockConfigurationFailureAnalyzer().analyze(failure);
  }

  /** It may push, and do so for as long as nobody closes it. */
  @Test
  void shouldNotMakeARegistryBeforeItsTime() {
    AtomicBoolean created = new AtomicBoolean();
    application
        .withBean(
            MeterRegistry.class,
            () -> {
              created.set(true);
              return new SimpleMeterRegistry();
            },
            definition -> definition.setLazyInit(true))
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              assertThat(created).isFalse();
            });
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
  void shouldStartWithoutMicrometer() {
    application
        .withClassLoader(new FilteredClassLoader("io.micrometer"))
        .withPropertyValues(PREFIX + "key=orders")
        .run(context -> assertThat(lock(context).key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldStartWithoutFlyway() {
    withoutFlyway
        .withClassLoader(new FilteredClassLoader("org.flywaydb"))
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean("flywayAdvisoryLockBeanPostProcessor"));
  }

  private static LockedBean locked(ApplicationContext application, String bean) {
    return application.getBean(LockedBeans.class).byName().get(bean);
  }

  private static List<LockKey> keys(ApplicationContext application, String bean)
      throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:", "sa", "")) {
      return locked(application, bean).keys(connection);
    }
  }

  @Test
  void shouldTellTheLockOfEachBean() {
    application
        .withBean("billing", Flyway.class, () -> flyway(own -> own.setKey("billing")))
        .withPropertyValues(PREFIX + "key=orders")
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
        .withPropertyValues(PREFIX + "scope=schema")
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
        .withPropertyValues(PREFIX + "active=false")
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
