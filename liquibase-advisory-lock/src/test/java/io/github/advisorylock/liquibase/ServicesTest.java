package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import liquibase.Scope;
import liquibase.changelog.ChangeLogHistoryService;
import liquibase.configuration.ConfigurationDefinition;
import liquibase.configuration.LiquibaseConfiguration;
import liquibase.database.Database;
import liquibase.database.DatabaseConnection;
import liquibase.database.OfflineConnection;
import liquibase.database.core.CockroachDatabase;
import liquibase.database.core.EnterpriseDBDatabase;
import liquibase.database.core.H2Database;
import liquibase.database.core.PostgresDatabase;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.executor.Executor;
import liquibase.executor.ExecutorService;
import liquibase.executor.jvm.JdbcExecutor;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.lockservice.OfflineLockService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That Liquibase finds the services and knows for which databases they are. */
class ServicesTest {

  private static final JdbcConnection CONNECTED = new JdbcConnection();

  private static Database postgres(DatabaseConnection connection) {
    return new PostgresDatabase() {
      @Override
      public DatabaseConnection getConnection() {
        return connection;
      }
    };
  }

  @Test
  void shouldBeFoundByLiquibase() {
    var locator = Scope.getCurrentScope().getServiceLocator();

    assertThat(locator.findInstances(LockService.class))
        .hasAtLeastOneElementOfType(AdvisoryLockService.class);
    assertThat(locator.findInstances(ChangeLogHistoryService.class))
        .hasAtLeastOneElementOfType(AdvisoryLockHistoryService.class);
  }

  @Test
  void shouldBeChosenForPostgresAndNotForAnOfflineOne() {
    assertThat(LockServiceFactory.getInstance().getLockService(postgres(CONNECTED)))
        .isInstanceOf(AdvisoryLockService.class);
    Database offline = postgres(new OfflineConnection() {});
    assertThat(LockServiceFactory.getInstance().getLockService(offline))
        .isInstanceOf(OfflineLockService.class);
    assertThat(new AdvisoryLockService().getPriority()).isBetween(5, 100);
    assertThat(new AdvisoryLockHistoryService().getPriority()).isBetween(5, 100);
  }

  @Test
  void shouldBeForPostgresAndEnterpriseDbOnly() {
    Database enterpriseDb =
        new EnterpriseDBDatabase() {
          @Override
          public DatabaseConnection getConnection() {
            return CONNECTED;
          }
        };
    Database cockroach =
        new CockroachDatabase() {
          @Override
          public DatabaseConnection getConnection() {
            return CONNECTED;
          }
        };
    assertThat(new AdvisoryLockService().supports(postgres(CONNECTED))).isTrue();
    assertThat(new AdvisoryLockService().supports(enterpriseDb)).isTrue();
    assertThat(new AdvisoryLockService().supports(cockroach)).isFalse();
    assertThat(new AdvisoryLockService().supports(new H2Database())).isFalse();
  }

  @Test
  void shouldNotBeForADatabaseWithoutAConnection() {
    assertThat(new AdvisoryLockService().supports(new PostgresDatabase())).isFalse();
    assertThat(new AdvisoryLockService().supports(postgres(new OfflineConnection() {}))).isFalse();
    assertThat(new AdvisoryLockHistoryService().supports(postgres(new OfflineConnection() {})))
        .isFalse();
  }

  @Test
  void shouldNotBeForAnythingWhenNotActive() throws Exception {
    Scope.child(
        Map.of("liquibase.advisoryLock.active", "false"),
        () -> {
          assertThat(new AdvisoryLockService().supports(postgres(CONNECTED))).isFalse();
          assertThat(new AdvisoryLockHistoryService().supports(postgres(CONNECTED))).isFalse();
        });
  }

  private static Executor executor() {
    ExecutorService executors = Scope.getCurrentScope().getSingleton(ExecutorService.class);
    return executors.getExecutor("jdbc", postgres(CONNECTED));
  }

  @ParameterizedTest
  @ValueSource(strings = {"migrationLockTimeout", "migrationStatementTimeout"})
  void shouldExecuteStatementsThatHaveATimeout(String timeout) throws Exception {
    Scope.child(
        Map.of("liquibase.advisoryLock." + timeout, "3s"),
        () -> {
          assertThat(executor()).isInstanceOf(AdvisoryLockExecutor.class);
          assertThat(new AdvisoryLockExecutor().supports(new H2Database())).isFalse();
        });
  }

  @Test
  void shouldLeaveOtherStatementsToLiquibase() {
    assertThat(executor()).isExactlyInstanceOf(JdbcExecutor.class);
  }

  @ParameterizedTest
  @CsvSource({"active, perhaps", "active, false", "migrationLockTimeout, soon"})
  void shouldNotExecuteStatementsWhereASettingIsWrongOrTheLockIsOff(String name, String value)
      throws Exception {
    Scope.child(
        Map.of(
            "liquibase.advisoryLock.migrationStatementTimeout",
            "3s",
            "liquibase.advisoryLock." + name,
            value),
        () -> assertThat(new AdvisoryLockExecutor().supports(postgres(CONNECTED))).isFalse());
  }

  @Test
  void shouldSayWhatActiveMayBe() {
    assertThatThrownBy(
            () ->
                Scope.child(
                    Map.of("liquibase.advisoryLock.active", "perhaps"),
                    () -> new AdvisoryLockService().supports(postgres(CONNECTED))))
        .isInstanceOf(UnexpectedLiquibaseException.class)
        .hasMessage("liquibase.advisoryLock.active is 'perhaps', but must be true or false");
  }

  static List<String> names() {
    return LiquibaseSettings.NAMES;
  }

  @ParameterizedTest
  @MethodSource("names")
  void shouldMakeEachSettingKnownToLiquibase(String name) {
    assertThat(definition(name)).isNotNull();
    assertThat(definition(name).getDescription()).isNotBlank();
    assertThat(definition(name).getDefaultValue()).isNull();
  }

  private static ConfigurationDefinition<?> definition(String name) {
    return Scope.getCurrentScope()
        .getSingleton(LiquibaseConfiguration.class)
        .getRegisteredDefinition("liquibase.advisoryLock." + name);
  }

  @Test
  void shouldHidePasswords() throws Exception {
    Scope.child(
        Map.of(
            "liquibase.advisoryLock.password",
            "geheim",
            "liquibase.advisoryLock.url",
            "jdbc:postgresql://host/db?password=geheim"),
        () -> {
          assertThat(String.valueOf(definition("password").getCurrentValueObfuscated()))
              .isNotBlank()
              .doesNotContain("geheim");
          assertThat(String.valueOf(definition("url").getCurrentValueObfuscated()))
              .contains("host")
              .doesNotContain("geheim");
        });
  }

  @Test
  void shouldBeOutsideOfAnyCommandHere() {
    assertThat(RunningCommands.depth()).isZero();
    assertThat(RunningCommands.needHistory()).isFalse();
    assertThat(RunningCommands.isUpdateBeyondItsLock()).isFalse();
  }
}
