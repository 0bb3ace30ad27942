package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.RetryPolicy;
import java.time.Duration;
import java.util.Map;
import liquibase.Scope;
import liquibase.database.core.PostgresDatabase;
import org.junit.jupiter.api.Test;

class LiquibaseSettingsTest {

  private static final String OURS = "liquibase.advisoryLock.";
  private static final String WAIT = "liquibase.changelogLockWaitTimeInMinutes";
  private static final String POLL = "liquibase.changelogLockPollRate";

  private static LiquibaseSettings read(Map<String, Object> settings) throws Exception {
    return Scope.child(settings, () -> LiquibaseSettings.read());
  }

  private static RetryPolicy retry(Map<String, Object> settings) throws Exception {
    return read(settings).lock().retry();
  }

  @Test
  void shouldHaveTheDefaultsOfEveryToolUnlessSomethingIsSet() throws Exception {
    LiquibaseSettings settings = read(Map.of());

    assertThat(settings.lock().active()).isTrue();
    assertThat(settings.lock().key()).isEqualTo(LockKey.MIGRATION);
    assertThat(settings.lock().retry()).isEqualTo(RetryPolicy.DEFAULT);
    assertThat(settings.lock().connection()).isNull();
    assertThat(settings.tableLock()).isEqualTo(TableLock.WARN);
    assertThat(settings.forceRelease()).isEqualTo(ForceRelease.REPORT);
  }

  @Test
  void shouldTakeLiquibasesOwnWaitTimeAndPollRateIfTheUserSetThem() throws Exception {
    RetryPolicy retry = retry(Map.of(WAIT, "7", POLL, "3"));

    assertThat(retry.timeout()).isEqualTo(Duration.ofMinutes(7));
    assertThat(retry.maxDelay()).isEqualTo(Duration.ofSeconds(3));
    assertThat(retry.firstDelay()).isEqualTo(RetryPolicy.DEFAULT.firstDelay());
  }

  @Test
  void shouldTakeLiquibasesDefaultIfTheUserSetItToThat() throws Exception {
    assertThat(retry(Map.of(POLL, "10")).maxDelay()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void shouldPreferItsOwnSettings() throws Exception {
    RetryPolicy retry =
        retry(Map.of(WAIT, "7", POLL, "3", OURS + "timeout", "30s", OURS + "maxBackoff", "2s"));

    assertThat(retry.timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(retry.maxDelay()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void shouldPreferWhatAProgramHasSetToTheConfiguration() throws Exception {
    RetryPolicy retry =
        Scope.child(Map.of(WAIT, "7", POLL, "3"), () -> LiquibaseSettings.read(1L, 2L))
            .lock()
            .retry();

    assertThat(retry.timeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(retry.maxDelay()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void shouldTakeExtremesForTheNearestThatIsPossible() throws Exception {
    assertThat(retry(Map.of(WAIT, "-1")).timeout()).isEqualTo(Duration.ZERO);
    assertThat(retry(Map.of(WAIT, "" + Long.MAX_VALUE)).timeout())
        .isEqualTo(RetryPolicy.NO_TIMEOUT);
    assertThat(retry(Map.of(POLL, "0")).maxDelay()).isEqualTo(Duration.ofSeconds(1));
    assertThat(retry(Map.of(POLL, "" + Long.MAX_VALUE)).maxDelay()).isEqualTo(Duration.ofDays(365));
  }

  @Test
  void shouldTryOnceWithoutWaiting() throws Exception {
    RetryPolicy once = read(Map.of(OURS + "timeout", "none")).withoutWaiting();

    assertThat(once.timeout()).isEqualTo(Duration.ZERO);
    assertThat(once.maxAttempts()).isEqualTo(1);
  }

  @Test
  void shouldNameTheSettingInAnError() {
    assertThatThrownBy(() -> read(Map.of(OURS + "timeout", "soon")))
        .isInstanceOf(LockConfigurationException.class)
        .hasMessageStartingWith(OURS + "timeout is 'soon', but must be a duration");
  }

  @Test
  void shouldSayWhatATableLockMayBe() {
    assertThatThrownBy(() -> read(Map.of(OURS + "tableLock", "nonsense")))
        .isInstanceOf(LockConfigurationException.class)
        .hasMessage(OURS + "tableLock is 'nonsense', but must be warn or honour");
  }

  @Test
  void shouldRefuseAPasswordBeforeTheHostOfTheUrl() {
    assertThatThrownBy(
            () -> read(Map.of(OURS + "url", "jdbc:postgresql://app:s3cret@direct:5432/app")))
        .isInstanceOf(LockConfigurationException.class)
        .hasMessageStartingWith(
            OURS
                + "url is 'jdbc:postgresql://app:***@direct:5432/app', but must be a JDBC URL"
                + " without user and password before the host");
  }

  @Test
  void shouldMixTheDefaultSchemaIntoTheKeyWithScopeSchema() throws Exception {
    PostgresDatabase database = new PostgresDatabase();
    database.setDefaultSchemaName("app");
    database.setLiquibaseSchemaName("liquibase");

    assertThat(read(Map.of(OURS + "scope", "schema")).keyFor(database))
        .isEqualTo(LockKey.MIGRATION.within("app"));
    assertThat(read(Map.of()).keyFor(database)).isEqualTo(LockKey.MIGRATION);
  }
}
