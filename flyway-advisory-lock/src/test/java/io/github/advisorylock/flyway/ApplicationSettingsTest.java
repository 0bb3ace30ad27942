package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.LockKey;
import java.util.Arrays;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.ClassicConfiguration;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That settings which come after a Flyway object was made have their full effect. */
class ApplicationSettingsTest {

  private static final String URL = "jdbc:postgresql://direct:5432/app";

  private final FluentConfiguration fluent = Flyway.configure();

  private Configuration flywayWith(String name, String text) {
    return flywayWith(Map.of(name, new ApplicationSetting("app." + name, text)));
  }

  private Configuration flywayWith(Map<String, ApplicationSetting> settings) {
    ClassicConfiguration configuration = (ClassicConfiguration) fluent.load().getConfiguration();
    AdvisoryLockProvider.apply(settings, configuration);
    return configuration;
  }

  private AdvisoryLockConfigurationExtension ownSettings() {
    return Plugins.get(fluent, AdvisoryLockConfigurationExtension.class);
  }

  private static boolean hasItsOwnLockInATransaction(Configuration flyway) {
    return Plugins.get(flyway, PostgreSQLConfigurationExtension.class).isTransactionalLock();
  }

  private static long numberOfOurCallbacks(Configuration flyway) {
    return Arrays.stream(flyway.getCallbacks()).filter(LockCallback.class::isInstance).count();
  }

  @Test
  void shouldCountWhereNothingElseIsSet() {
    assertThat(FlywaySettings.of(flywayWith("key", "orders")))
        .hasValueSatisfying(
            settings -> {
              assertThat(settings.lock().key()).isEqualTo(LockKey.named("orders"));
              assertThat(settings.setHere()).isFalse();
            });
  }

  @Test
  void shouldNotCountWhereTheFlywayObjectHasASettingOfItsOwn() {
    ownSettings().setKey("mine");

    assertThat(FlywaySettings.of(flywayWith("key", "orders")))
        .hasValueSatisfying(
            settings -> {
              assertThat(settings.lock().key()).isEqualTo(LockKey.named("mine"));
              assertThat(settings.setHere()).isTrue();
            });
  }

  @Test
  void shouldLeaveOneOfEachCallback() {
    assertThat(numberOfOurCallbacks(flywayWith("key", "orders")))
        .isEqualTo(numberOfOurCallbacks(Flyway.configure().load().getConfiguration()))
        .isPositive();
  }

  @Test
  void shouldLeaveNoCallbackAndFlywaysOwnLockAloneWhenNotActive() {
    Configuration flyway = flywayWith("active", "false");

    assertThat(numberOfOurCallbacks(flyway)).isZero();
    assertThat(hasItsOwnLockInATransaction(flyway)).isTrue();
  }

  @Test
  void shouldLeaveOtherCallbacksInPlace() {
    Callback other = new SomebodysCallback();
    fluent.callbacks(other);

    assertThat(flywayWith("active", "false").getCallbacks()).containsExactly(other);
  }

  @ParameterizedTest
  @CsvSource({"nativeLock, keep", "pooling, transaction", "url, " + URL})
  void shouldLeaveFlywaysOwnLockAlone(String name, String text) {
    assertThat(hasItsOwnLockInATransaction(flywayWith(name, text))).isTrue();
  }

  @Test
  void shouldHaveFlywaysOwnLockAtSessionLevelOtherwise() {
    assertThat(hasItsOwnLockInATransaction(flywayWith("key", "orders"))).isFalse();
  }

  @Test
  void shouldStillAdaptFlywaysOwnLockOnceItsConnectionIsKnown() {
    Configuration flyway = flywayWith("url", URL);

    AdvisoryLockProvider.adaptNativeLock(flyway, FlywaySettings.of(flyway).orElseThrow(), true);

    assertThat(hasItsOwnLockInATransaction(flyway)).isFalse();
  }

  @Test
  void shouldKeepWhatTheUserSaysOfFlywaysOwnLock() {
    Plugins.get(fluent, PostgreSQLConfigurationExtension.class).setTransactionalLock(false);

    assertThat(hasItsOwnLockInATransaction(flywayWith("nativeLock", "keep"))).isFalse();
  }

  @Test
  void shouldGoWithACopyOfTheConfiguration() {
    Flyway copy = Flyway.configure().configuration(flywayWith("key", "orders")).load();

    assertThat(FlywaySettings.of(copy.getConfiguration()))
        .hasValueSatisfying(
            settings -> assertThat(settings.lock().key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldNotReachAnotherFlywayObject() {
    flywayWith("key", "orders");

    assertThat(FlywaySettings.of(fluent.load().getConfiguration()))
        .hasValueSatisfying(
            settings -> {
              assertThat(settings.lock().key()).isEqualTo(LockKey.MIGRATION);
              assertThat(settings.setHere()).isFalse();
            });
  }

  @Test
  void shouldNameTheApplicationsPropertyInAnError() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> flywayWith("scope", "table"))
        .withMessage("app.scope is 'table', but must be database or schema");
  }

  /** Flyway is not even made, let alone connected. */
  @Test
  void shouldRefuseAPasswordBeforeTheHostOfItsOwnUrl() {
    ownSettings().setUrl("jdbc:postgresql://app:s3cret@direct:5432/app");

    assertThatExceptionOfType(FlywayException.class)
        .isThrownBy(fluent::load)
        .withMessageContaining(
            "flyway.advisoryLock.url is 'jdbc:postgresql://app:***@direct:5432/app', but must be a"
                + " JDBC URL without user and password before the host");
  }

  private static final class SomebodysCallback implements Callback {
    @Override
    public boolean supports(Event event, Context context) {
      return false;
    }

    @Override
    public boolean canHandleInTransaction(Event event, Context context) {
      return false;
    }

    @Override
    public void handle(Event event, Context context) {}

    @Override
    public String getCallbackName() {
      return "other";
    }
  }
}
