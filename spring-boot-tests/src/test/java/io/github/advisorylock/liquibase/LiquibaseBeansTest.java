package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.spring.BeanSettingsContract;
import io.github.advisorylock.spring.BootTypes;
import io.github.advisorylock.spring.LockedBeans;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import liquibase.Scope;
import liquibase.integration.spring.MultiTenantSpringLiquibase;
import liquibase.integration.spring.SpringLiquibase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * That whatever a bean has Liquibase do happens with the settings of the application's
 * configuration. There is no database: what a run would do is read its settings when it asks for a
 * connection, and fail.
 */
class LiquibaseBeansTest extends BeanSettingsContract {

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

  LiquibaseBeansTest() {
    super("liquibase");
  }

  @Override
  protected ApplicationContextRunner withoutBean() {
    return withoutLiquibase;
  }

  @Override
  protected ApplicationContextRunner withOwnBean() {
    return application;
  }

  @Override
  protected ApplicationContextRunner withStrictBean() {
    return boot;
  }

  @Override
  protected LockSettings lock(ApplicationContext application) {
    return dataSource.onlyRun().lock();
  }

  @Override
  protected LiquibaseSettings told(ApplicationContext application) {
    return dataSource.onlyRun();
  }

  @Override
  protected LiquibaseSettings toldOf(Map<String, String> texts) throws Exception {
    Map<String, Object> own = new HashMap<>();
    texts.forEach((name, text) -> own.put(AdvisoryLockConfiguration.PREFIX + name, text));
    return Scope.child(own, () -> LiquibaseSettings.read());
  }

  @Override
  protected void assertUntouched() {
    assertThat(dataSource.runs).isEmpty();
  }

  @Override
  protected List<String> names() {
    return LiquibaseSettings.NAMES;
  }

  @Override
  protected String ownSetting() {
    return "table-lock";
  }

  @Override
  protected String ownSettingAllowed() {
    return "warn or honour";
  }

  @Override
  protected String packages() {
    return "liquibase";
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(Scope.getCurrentScope().has(LiquibaseSettings.APPLICATION)).isFalse();
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
            Map.entry("liquibase.advisoryLock.tableLock", "honour"),
            Map.entry("liquibase.advisoryLock.forceRelease", "terminate"));
    LiquibaseSettings expected = Scope.child(own, () -> LiquibaseSettings.read());

    boot.withPropertyValues(
            prefix + "active=true",
            prefix + "key=orders",
            prefix + "scope=schema",
            prefix + "timeout=90",
            prefix + "max-attempts=7",
            prefix + "backoff=200ms",
            prefix + "backoff-step=300ms",
            prefix + "max-backoff=PT2S",
            prefix + "wake-up=false",
            prefix + "lease=60s",
            prefix + "pooling=session",
            prefix + "url=jdbc:postgresql://direct/app",
            prefix + "user=locker",
            prefix + "password=secret",
            prefix + "migration-lock-timeout=3s",
            prefix + "migration-statement-timeout=10m",
            prefix + "table-lock=honour",
            prefix + "force-release=terminate")
        .run(context -> assertThat(dataSource.onlyRun()).isEqualTo(expected));
  }

  @Test
  void shouldLetASystemPropertyWin() {
    boot.withSystemProperties("liquibase.advisoryLock.key=mine")
        .withPropertyValues(prefix + "key=orders", prefix + "max-attempts=7")
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
        .withPropertyValues(prefix + "key=orders")
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
        .withPropertyValues(prefix + "key=orders")
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
        .withPropertyValues(prefix + "key=orders")
        .run(
            context -> {
              assertThat(one.keys).containsExactly(LockKey.named("orders"));
              assertThat(other.keys).containsExactly(LockKey.named("orders"));
            });
  }

  @Test
  void shouldNotReachTheNextApplication() {
    NotingLiquibase next = new NotingLiquibase();
    application.withPropertyValues(prefix + "key=orders").run(context -> {});

    withoutLiquibase
        .withBean(SpringLiquibase.class, () -> next)
        .run(context -> assertThat(next.keys).containsExactly(LockKey.MIGRATION));
  }

  @Test
  void shouldLeaveItToSpringBootToRefuseWhatIsNotOurs() {
    boot.withPropertyValues(prefix + "key=orders", "spring.liquibase.chang-log=here.yaml")
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
        .withPropertyValues(prefix + "key=orders")
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
        .withPropertyValues(prefix + "scope=schema")
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
        .withPropertyValues(prefix + "scope=" + scope)
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
        .withPropertyValues(prefix + "active=false")
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
