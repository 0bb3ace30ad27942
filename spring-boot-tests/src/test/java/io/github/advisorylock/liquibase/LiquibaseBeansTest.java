package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.LockKey;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import liquibase.Scope;
import liquibase.integration.spring.MultiTenantSpringLiquibase;
import liquibase.integration.spring.SpringLiquibase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * That whatever a bean has Liquibase do happens with the settings of the application's
 * configuration. There is no database: what a run would do is read its settings when it asks for a
 * connection, and fail.
 */
class LiquibaseBeansTest {

  private static final String PREFIX = "spring.liquibase.advisory-lock.";
  private static final ManualSettings MANUAL = ManualSettings.of("liquibase");

  private final NotingDataSource dataSource = new NotingDataSource();

  private final ApplicationContextRunner withoutLiquibase =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(LiquibaseAdvisoryLockAutoConfiguration.class));

  private final ApplicationContextRunner application =
      withoutLiquibase.withBean("liquibase", SpringLiquibase.class, this::liquibase);

  private final ApplicationContextRunner boot =
      withoutLiquibase
          .withBean(DataSource.class, () -> dataSource)
          .withConfiguration(
              AutoConfigurations.of(BootTypes.of("liquibase", "LiquibaseAutoConfiguration")));

  private SpringLiquibase liquibase() {
    SpringLiquibase liquibase = new SpringLiquibase();
    liquibase.setChangeLog("classpath:/db/changelog/db.changelog-master.yaml");
    liquibase.setDataSource(dataSource);
    return liquibase;
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(Scope.getCurrentScope().has(LiquibaseSettings.APPLICATION)).isFalse();
  }

  @Test
  void shouldHaveTheDefaultsUnlessSomethingIsSet() {
    application.run(
        context -> {
          assertThat(dataSource.onlyRun().lock().key()).isEqualTo(LockKey.MIGRATION);
          assertThat(dataSource.onlyRun().lock().retry()).isEqualTo(RetryPolicy.DEFAULT);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spring.liquibase.advisory-lock.max-attempts=7",
        "spring.liquibase.advisoryLock.maxAttempts=7",
        "spring.liquibase.advisory_lock.max_attempts=7"
      })
  void shouldTakeEachSpelling(String property) {
    boot.withPropertyValues(property)
        .run(
            context ->
                assertThat(dataSource.onlyRun().lock().retry().maxAttempts()).isEqualTo(7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SPRING_LIQUIBASE_ADVISORYLOCK_MAXATTEMPTS=7",
        "SPRING_LIQUIBASE_ADVISORY_LOCK_MAX_ATTEMPTS=7"
      })
  void shouldTakeTheEnvironment(String variable) {
    // Spring Boot's own bean would refuse the longer name here, since only the real environment,
    // by its name, may have what nobody knows.
    application.withInitializer(
            context ->
                TestPropertyValues.of(variable)
                    .applyTo(
                        context.getEnvironment(), TestPropertyValues.Type.SYSTEM_ENVIRONMENT))
        .run(
            context ->
                assertThat(dataSource.onlyRun().lock().retry().maxAttempts()).isEqualTo(7));
  }

  @Test
  void shouldTakeEachSetting() throws Exception {
    Map<String, Object> own = Map.ofEntries(
            Map.entry("liquibase.advisoryLock.active", "true"),
            Map.entry("liquibase.advisoryLock.key", "orders"),
            Map.entry("liquibase.advisoryLock.scope", "schema"),
            Map.entry("liquibase.advisoryLock.timeout", "90s"),
            Map.entry("liquibase.advisoryLock.maxAttempts", "7"),
            Map.entry("liquibase.advisoryLock.backoff", "200ms"),
            Map.entry("liquibase.advisoryLock.backoffStep", "300ms"),
            Map.entry("liquibase.advisoryLock.maxBackoff", "2s"),
            Map.entry("liquibase.advisoryLock.wakeUp", "false"),
            Map.entry("liquibase.advisoryLock.lease", "1m"),
            Map.entry("liquibase.advisoryLock.pooling", "session"),
            Map.entry("liquibase.advisoryLock.url", "jdbc:postgresql://direct/app"),
            Map.entry("liquibase.advisoryLock.user", "locker"),
            Map.entry("liquibase.advisoryLock.password", "secret"),
            Map.entry("liquibase.advisoryLock.migrationLockTimeout", "3"),
            Map.entry("liquibase.advisoryLock.migrationStatementTimeout", "600s"),
            Map.entry("liquibase.advisoryLock.tableLock", "honour"));
    LiquibaseSettings expected = Scope.child(own, () -> LiquibaseSettings.read());

    boot.withPropertyValues(
            PREFIX + "active=true",
            PREFIX + "key=orders",
            PREFIX + "scope=schema",
            PREFIX + "timeout=90",
            PREFIX + "max-attempts=7",
            PREFIX + "backoff=200ms",
            PREFIX + "backoff-step=300ms",
            PREFIX + "max-backoff=PT2S",
            PREFIX + "wake-up=false",
            PREFIX + "lease=60s",
            PREFIX + "pooling=session",
            PREFIX + "url=jdbc:postgresql://direct/app",
            PREFIX + "user=locker",
            PREFIX + "password=secret",
            PREFIX + "migration-lock-timeout=3s",
            PREFIX + "migration-statement-timeout=10m",
            PREFIX + "table-lock=honour")
        .run(context -> assertThat(dataSource.onlyRun()).isEqualTo(expected));
  }

  @Test
  void shouldTakeEachPropertyOfTheManual() throws Exception {
    LiquibaseSettings expected = ofTheManual();

    boot.withPropertyValues(MANUAL.properties())
        .run(context -> assertThat(dataSource.onlyRun()).isEqualTo(expected));
  }

  @Test
  void shouldTakeEachVariableOfTheManual() throws Exception {
    LiquibaseSettings expected = ofTheManual();

    boot.withInitializer(
            context ->
                TestPropertyValues.of(MANUAL.variables())
                    .applyTo(
                        context.getEnvironment(), TestPropertyValues.Type.SYSTEM_ENVIRONMENT))
        .run(context -> assertThat(dataSource.onlyRun()).isEqualTo(expected));
  }

  @Test
  void shouldFindEachSettingInTheManual() {
    assertThat(MANUAL.examples())
        .containsOnlyKeys(LiquibaseSettings.NAMES.toArray(String[]::new));
  }

  private static LiquibaseSettings ofTheManual() throws Exception {
    Map<String, Object> own = new HashMap<>();
    MANUAL.examples().forEach((name, value) -> own.put(AdvisoryLockConfiguration.PREFIX + name, value));
    return Scope.child(own, () -> LiquibaseSettings.read());
  }

  @Test
  void shouldLetASystemPropertyWin() {
    boot.withSystemProperties("liquibase.advisoryLock.key=mine")
        .withPropertyValues(PREFIX + "key=orders", PREFIX + "max-attempts=7")
        .run(
            context -> {
              assertThat(dataSource.onlyRun().lock().key()).isEqualTo(LockKey.named("mine"));
              assertThat(dataSource.onlyRun().lock().retry().maxAttempts()).isEqualTo(7);
            });
  }

  @Test
  void shouldReachEachTenant() {
    MultiTenantSpringLiquibase tenants = new MultiTenantSpringLiquibase();
    tenants.setChangeLog("classpath:/db/changelog/db.changelog-master.yaml");
    tenants.setDataSource(dataSource);
    tenants.setSchemas(List.of("one", "other"));

    withoutLiquibase
        .withBean(MultiTenantSpringLiquibase.class, () -> tenants)
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context ->
                assertThat(dataSource.onlyRun().lock().key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldReachABeanThatStartsWithDroppingEverything() {
    withoutLiquibase
        .withBean(
            SpringLiquibase.class,
            () -> {
              SpringLiquibase dropping = liquibase();
              dropping.setDropFirst(true);
              return dropping;
            })
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context ->
                assertThat(dataSource.onlyRun().lock().key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldReachEachOfSeveralBeans() {
    NotingLiquibase one = new NotingLiquibase();
    NotingLiquibase other = new NotingLiquibase();

    withoutLiquibase
        .withBean("one", SpringLiquibase.class, () -> one)
        .withBean("other", SpringLiquibase.class, () -> other)
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context -> {
              assertThat(one.keys).containsExactly(LockKey.named("orders"));
              assertThat(other.keys).containsExactly(LockKey.named("orders"));
            });
  }

  @Test
  void shouldNotReachTheNextApplication() {
    NotingLiquibase next = new NotingLiquibase();
    application.withPropertyValues(PREFIX + "key=orders").run(context -> {});

    withoutLiquibase
        .withBean(SpringLiquibase.class, () -> next)
        .run(context -> assertThat(next.keys).containsExactly(LockKey.MIGRATION));
  }

  @ParameterizedTest
  @CsvSource({
    "max-attempts, few, 'a whole number from 1 to 999999999, or unlimited'",
    "maxAttempts, 0, 'a whole number from 1 to 999999999, or unlimited'",
    "table-lock, perhaps, warn or honour"
  })
  void shouldReportAWrongSettingAsTheUserWroteItBeforeAnythingIsTouched(
      String name, String text, String allowed) {
    boot.withPropertyValues(PREFIX + name + "=" + text)
        .run(
            context -> {
              assertThat(reported(context.getStartupFailure()))
                  .startsWith(PREFIX + name + " (")
                  .endsWith(") is '%s', but must be %s".formatted(text, allowed));
              assertThat(dataSource.runs).isEmpty();
            });
  }

  /** Such as in YAML, where all of them are commented out. */
  @Test
  void shouldTakeAnEmptyTextForNoSettings() {
    boot.withPropertyValues("spring.liquibase.advisory-lock=")
        .run(context -> assertThat(dataSource.onlyRun()).isNotNull());
  }

  @Test
  void shouldReportATextWhereSettingsShouldBe() {
    boot.withPropertyValues("spring.liquibase.advisory-lock=false")
        .run(
            context ->
                assertThat(reported(context.getStartupFailure()))
                    .startsWith("spring.liquibase.advisory-lock must not have a value of its own, but settings: [active"));
  }

  @Test
  void shouldReportASettingThatDoesNotExist() {
    boot.withPropertyValues(PREFIX + "timeot=5s")
        .run(
            context ->
                assertThat(reported(context.getStartupFailure()))
                    .startsWith(PREFIX + "timeot is no setting of the advisory lock; there are [")
                    .contains("max-attempts", "table-lock"));
  }

  private static String reported(Throwable failure) {
    return new LockConfigurationFailureAnalyzer().analyze(failure).getDescription();
  }

  @Test
  void shouldLeaveItToSpringBootToRefuseWhatIsNotOurs() {
    boot.withPropertyValues(PREFIX + "key=orders", "spring.liquibase.chang-log=here.yaml")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOfSatisfying(
                        UnboundConfigurationPropertiesException.class,
                        e ->
                            assertThat(e.getUnboundProperties())
                                .extracting(property -> property.getName().toString())
                                .containsExactly("spring.liquibase.chang-log")));
  }

  /** It may push, and do so for as long as nobody closes it. */
  @Test
  void shouldNotMakeARegistryBeforeItsTime() {
    AtomicBoolean created = new AtomicBoolean();
    boot.withBean(
            MeterRegistry.class,
            () -> {
              created.set(true);
              return new SimpleMeterRegistry();
            },
            definition -> definition.setLazyInit(true))
        .run(
            context -> {
              assertThat(dataSource.runs).hasSize(1);
              assertThat(created).isFalse();
            });
  }

  @Test
  void shouldStartWithoutMicrometer() {
    boot.withClassLoader(new FilteredClassLoader("io.micrometer"))
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context ->
                assertThat(dataSource.onlyRun().lock().key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldStartWithoutLiquibase() {
    withoutLiquibase
        .withClassLoader(new FilteredClassLoader("liquibase"))
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean("liquibaseAdvisoryLockBeanPostProcessor"));
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

  private static SpringLiquibase of(String schema) {
    SpringLiquibase liquibase = new NotingLiquibase();
    liquibase.setDefaultSchema(schema);
    return liquibase;
  }

  @Test
  void shouldTellTheLockOfEachBean() {
    withoutLiquibase
        .withBean("one", SpringLiquibase.class, NotingLiquibase::new)
        .withBean("other", SpringLiquibase.class, () -> of("other"))
        .withPropertyValues(PREFIX + "key=orders")
        .run(
            context -> {
              assertThat(keys(context, "one")).containsExactly(LockKey.named("orders"));
              assertThat(keys(context, "other")).containsExactly(LockKey.named("orders"));
            });
  }

  @Test
  void shouldTellTheLockOfTheSchemaThatABeanMigrates() {
    withoutLiquibase
        .withBean("ofConnection", SpringLiquibase.class, () -> of(null))
        .withBean("inCapitals", SpringLiquibase.class, () -> of("SHOP"))
        .withPropertyValues(PREFIX + "scope=schema")
        .run(
            context -> {
              assertThat(keys(context, "ofConnection"))
                  .containsExactly(LockKey.MIGRATION.within("PUBLIC"));
              assertThat(keys(context, "inCapitals"))
                  .as("as Liquibase names it")
                  .containsExactly(LockKey.MIGRATION.within("shop"));
            });
  }

  /** Only has tenants. */
  private static final class IdleTenants extends MultiTenantSpringLiquibase {
    @Override
    public void afterPropertiesSet() {}
  }

  @ParameterizedTest
  @CsvSource({"schema, migration@one; migration@PUBLIC", "database, migration"})
  void shouldTellTheLocksOfTheTenants(String scope, String names) {
    IdleTenants tenants = new IdleTenants();
    tenants.setSchemas(List.of("one", "default"));

    withoutLiquibase
        .withBean("tenants", MultiTenantSpringLiquibase.class, () -> tenants)
        .withPropertyValues(PREFIX + "scope=" + scope)
        .run(
            context ->
                assertThat(keys(context, "tenants"))
                    .extracting(LockKey::name)
                    .containsExactly(names.split("; ")));
  }

  @Test
  void shouldSayThatItKnowsNoDataSource() {
    withoutLiquibase
        .withBean("tenants", MultiTenantSpringLiquibase.class, IdleTenants::new)
        .run(
            context ->
                assertThatExceptionOfType(SQLException.class)
                    .isThrownBy(() -> locked(context, "tenants").connect())
                    .withMessageContaining("JNDI"));
  }

  @Test
  void shouldTellThatABeanIsNotLocked() {
    withoutLiquibase
        .withBean("liquibase", SpringLiquibase.class, NotingLiquibase::new)
        .withPropertyValues(PREFIX + "active=false")
        .run(
            context -> {
              assertThat(locked(context, "liquibase").isLocked()).isFalse();
              assertThat(keys(context, "liquibase")).isEmpty();
            });
  }

  /** To make it is to migrate. */
  @Test
  void shouldNotMakeABeanThatNobodyHasAskedFor() {
    withoutLiquibase
        .withBean(
            "liquibase",
            SpringLiquibase.class,
            this::liquibase,
            definition -> definition.setLazyInit(true))
        .run(
            context -> {
              assertThat(context.getBean(LockedBeans.class).byName()).isEmpty();
              assertThat(dataSource.runs).isEmpty();
            });
  }

  /** Notes with which settings somebody wants to migrate, and has no connection for them. */
  private static final class NotingDataSource extends AbstractDataSource {
    private final List<LiquibaseSettings> runs = new ArrayList<>();

    LiquibaseSettings onlyRun() {
      assertThat(runs).hasSize(1);
      return runs.get(0);
    }

    @Override
    public Connection getConnection() throws SQLException {
      runs.add(LiquibaseSettings.read());
      throw new SQLException("There is no database");
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      return getConnection();
    }
  }

  /** Only notes with which key it would migrate. */
  private static final class NotingLiquibase extends SpringLiquibase {
    private final List<LockKey> keys = new ArrayList<>();

    @Override
    public void afterPropertiesSet() {
      keys.add(LiquibaseSettings.read().lock().key());
    }
  }
}
