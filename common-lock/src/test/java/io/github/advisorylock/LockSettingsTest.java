package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LockSettingsTest {

  private static final String URL = "jdbc:postgresql://db:5432/app";

  private static LockSettings read(String... namesAndValues) {
    return read(RetryPolicy.DEFAULT, namesAndValues);
  }

  private static LockSettings read(RetryPolicy unset, String... namesAndValues) {
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return LockSettings.read(new SettingReader("tool.", settings::get), unset);
  }

  @Test
  void shouldHaveDefaults() {
    assertThat(read())
        .isEqualTo(
            new LockSettings(
                true,
                LockKey.MIGRATION,
                LockScope.DATABASE,
                RetryPolicy.DEFAULT,
                SessionPolicy.DEFAULT,
                null));
  }

  @Test
  void shouldReadEverySetting() {
    assertThat(
            read(
                "active", "false",
                "key", "billing",
                "scope", "schema",
                "timeout", "90s",
                "maxAttempts", "7",
                "backoff", "50ms",
                "backoffStep", "20ms",
                "maxBackoff", "2s",
                "wakeUp", "false",
                "lease", "20s",
                "pooling", "transaction",
                "url", URL,
                "user", "locker",
                "password", " s3cret ",
                "migrationLockTimeout", "3s",
                "migrationStatementTimeout", "0"))
        .isEqualTo(
            new LockSettings(
                false,
                LockKey.named("billing"),
                LockScope.SCHEMA,
                new RetryPolicy(
                    Duration.ofSeconds(90),
                    7,
                    Duration.ofMillis(50),
                    Duration.ofMillis(20),
                    Duration.ofSeconds(2)),
                new SessionPolicy(
                    Pooling.TRANSACTION,
                    Duration.ofSeconds(20),
                    false,
                    new WorkTimeouts(Duration.ofSeconds(3), Duration.ZERO)),
                new ConnectionSettings(URL, "locker", " s3cret ")));
  }

  @ParameterizedTest
  @CsvSource({
    "42, 42",
    "' 42 ', 42",
    "+42, 42",
    "-42, -42",
    "007, 7",
    "0, 0",
    "-9223372036854775808, -9223372036854775808",
    "9223372036854775807, 9223372036854775807"
  })
  void shouldTakeANumberForAKey(String text, long value) {
    LockKey key = read("key", text).key();

    assertThat(key.value()).isEqualTo(value);
    assertThat(key.name()).isEqualTo(Long.toString(value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"migration", "4 2", "42a", "0x2a", "1.0", "-", "--1", "٤٢", "1e3"})
  void shouldHashAnyOtherText(String text) {
    LockKey key = read("key", text).key();

    assertThat(key.value()).isEqualTo(LockKey.named(text).value());
    assertThat(key.name()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999999999999999"
      })
  void shouldRefuseANumberThatIsTooLarge(String text) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("key", text))
        .withMessage(
            "tool.key is '%s', but must be a whole number from -9223372036854775808 to"
                + " 9223372036854775807, or a name",
            text);
  }

  @Test
  void shouldLeaveTheKeyAsItIsForADatabase() {
    assertThat(read("scope", "database").keyFor(this::askedInVain)).isEqualTo(LockKey.MIGRATION);
  }

  private String askedInVain() {
    throw new AssertionError("to find out the schema takes a round trip");
  }

  @Test
  void shouldMixTheSchemaInForASchema() {
    assertThat(read("scope", "schema").keyFor(() -> "app"))
        .isEqualTo(LockKey.MIGRATION.within("app"));
  }

  @ParameterizedTest
  @CsvSource({
    "active, yes, true or false",
    "scope, table, database or schema",
    "timeout, 5 minutes, or none to wait for ever",
    "maxAttempts, 0, 'a whole number from 1 to 999999999, or unlimited'",
    "backoff, 0, a duration from 1 ms to 365 days",
    "backoffStep, -1, a duration from 0 to 365 days",
    "maxBackoff, 0ms, a duration from 1 ms to 365 days",
    "url, https://example.org, a JDBC URL such as jdbc:postgresql://host:5432/database",
    "url, jdbc:mysql://db/app, a JDBC URL such as jdbc:postgresql://host:5432/database",
    "url, postgresql://db/app, a JDBC URL such as jdbc:postgresql://host:5432/database",
    "user, locker, left out when url is not set"
  })
  void shouldNamePropertyValueAndWhatIsAllowed(String name, String value, String allowed) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read(name, value))
        .withMessageStartingWith("tool.%s is '%s', but must be ", name, value)
        .withMessageContaining(allowed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "active",
        "key",
        "scope",
        "timeout",
        "maxAttempts",
        "backoff",
        "backoffStep",
        "maxBackoff",
        "url",
        "user"
      })
  void shouldRefuseABlankValue(String name) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read(name, " "))
        .withMessageStartingWith("tool.%s is ' ', but must be a value", name);
  }

  @Test
  void shouldTryOnceWithTimeoutZero() {
    assertThat(read("timeout", "0").retry().timeout()).isZero();
  }

  @Test
  void shouldWaitForEverWithTimeoutNone() {
    assertThat(read("timeout", "none").retry().isWithoutTimeout()).isTrue();
  }

  @Test
  void shouldTakeWhatIsNotSetFromTheTool() {
    RetryPolicy ofTheTool =
        new RetryPolicy(
            Duration.ofSeconds(11),
            12,
            Duration.ofMillis(13),
            Duration.ofMillis(14),
            Duration.ofMillis(15));

    assertThat(read(ofTheTool).retry()).isEqualTo(ofTheTool);
    assertThat(read(ofTheTool, "timeout", "1m").retry())
        .isEqualTo(
            new RetryPolicy(
                Duration.ofMinutes(1),
                12,
                Duration.ofMillis(13),
                Duration.ofMillis(14),
                Duration.ofMillis(15)));
  }

  @Test
  void shouldRaiseAnUnsetCapToTheFirstDelay() {
    RetryPolicy retry = read("backoff", "3s").retry();

    assertThat(retry.firstDelay()).isEqualTo(Duration.ofSeconds(3));
    assertThat(retry.maxDelay()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void shouldLowerAnUnsetFirstDelayToTheCap() {
    RetryPolicy retry = read("maxBackoff", "20ms").retry();

    assertThat(retry.firstDelay()).isEqualTo(Duration.ofMillis(20));
    assertThat(retry.maxDelay()).isEqualTo(Duration.ofMillis(20));
  }

  @Test
  void shouldRefuseACapBelowTheFirstDelay() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("backoff", "2s", "maxBackoff", "500ms"))
        .withMessage(
            "tool.maxBackoff is '500ms', but must be at least as long as backoff, which is 2.0 s");
  }

  @Test
  void shouldAcceptACapEqualToTheFirstDelay() {
    assertThat(read("backoff", "2s", "maxBackoff", "2000ms").retry().maxDelay())
        .isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void shouldConnectWithTheUrlAlone() {
    assertThat(read("url", URL).connection()).isEqualTo(new ConnectionSettings(URL, null, null));
  }

  @Test
  void shouldAcceptAWrapperOfTheDriver() {
    String wrapped = "jdbc:aws-wrapper:postgresql://db/app";

    assertThat(read("url", wrapped).connection().url()).isEqualTo(wrapped);
  }

  @Test
  void shouldNotShowAPasswordWithoutUrl() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("password", "s3cret"))
        .withMessage("tool.password is '***', but must be left out when url is not set");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:mysql://db/app?password=s3cret",
        "postgres://app:s3cret@db/app",
        "postgres://app:s3cret@with@at@db/app",
        "postgres://app:s3cret/with/slash@db/app",
        "postgres://app:s3cret?with=mark@db/app"
      })
  void shouldNotShowAPasswordInAUrl(String url) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("url", url))
        .withMessageContaining("***")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret", "with"));
  }

  /** pgjdbc would look up a host of the name app:s3cret@db, and say so in a stack trace. */
  @ParameterizedTest
  @CsvSource({
    "jdbc:postgresql://app:s3cret@db/app, jdbc:postgresql://app:***@db/app",
    "jdbc:postgresql://app:s3cret@db:5432/app, jdbc:postgresql://app:***@db:5432/app",
    "jdbc:postgresql://app:s3cret/@db:5432/app, jdbc:postgresql://app:***@db:5432/app",
    "'jdbc:postgresql://a:1,app:s3cret@b:2/c', 'jdbc:postgresql://a:1,app:***@b:2/c'",
    "jdbc:postgresql://app@db:5432/app, jdbc:postgresql://app@db:5432/app"
  })
  void shouldRefuseAUserBeforeTheHost(String url, String shown) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("url", url))
        .withMessage(
            "tool.url is '%s', but must be a JDBC URL without user and password before the host,"
                + " which have settings of their own",
            shown)
        .withNoCause();
  }

  @Test
  void shouldNotShowAPasswordAsText() {
    assertThat(
            read("url", URL + "?sslpassword=s3cret", "user", "locker", "password", "s3cret2")
                .toString())
        .contains("locker", "sslpassword=***", "password=***")
        .doesNotContain("s3cret");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1s, 1", "30s, 30", "24h, 86400"})
  void shouldTakeALeaseWithinItsBoundsOrNone(String text, long seconds) {
    assertThat(read("lease", text).session().lease()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1ms", "999ms", "86401s", "25h"})
  void shouldRefuseALeaseOutOfBounds(String text) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read("lease", text))
        .withMessage(
            "tool.lease is '%s', but must be 0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M or a number of seconds"
                .formatted(text));
  }

  @ParameterizedTest
  @CsvSource({"0, PT0S", "1ms, PT0.001S", "3s, PT3S", "576h, P24D"})
  void shouldTakeTimeoutsThatTheServerCanHold(String text, Duration timeout) {
    WorkTimeouts lock = read("migrationLockTimeout", text).session().timeouts();
    WorkTimeouts statement = read("migrationStatementTimeout", text).session().timeouts();

    assertThat(lock).isEqualTo(new WorkTimeouts(timeout, null));
    assertThat(statement).isEqualTo(new WorkTimeouts(null, timeout));
  }

  @ParameterizedTest
  @CsvSource({
    "migrationLockTimeout, PT0.0009S",
    "migrationLockTimeout, 577h",
    "migrationStatementTimeout, PT0.0009S",
    "migrationStatementTimeout, 577h"
  })
  void shouldRefuseTimeoutsThatTheServerCannotHold(String name, String text) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> read(name, text))
        .withMessage(
            "tool.%s is '%s', but must be 0 for none, or a duration from 1ms to 24 days: 1500ms, 30s, 5m, 1h, PT5M or a number of seconds"
                .formatted(name, text));
  }

  @Test
  void shouldNameEverySettingThatItReads() {
    Set<String> asked = new TreeSet<>();
    LockSettings.read(
        new SettingReader(
            "tool.",
            name -> {
              asked.add(name.replace("tool.", ""));
              return null;
            }),
        RetryPolicy.DEFAULT);

    assertThat(LockSettings.names()).containsExactlyInAnyOrderElementsOf(asked);
  }
}
