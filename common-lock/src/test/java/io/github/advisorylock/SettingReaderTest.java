package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingReaderTest {

  private static final SettingReader EMPTY = new SettingReader("tool.", name -> null);

  private static SettingReader with(String value) {
    return new SettingReader("tool.", Map.of("x", value)::get);
  }

  @Test
  void shouldFindNothingWhereNothingIsSet() {
    assertThat(EMPTY.text("x")).isNull();
    assertThat(EMPTY.secret("x")).isNull();
    assertThat(EMPTY.duration("x", Duration.ZERO)).isNull();
    assertThat(EMPTY.timeout("x")).isNull();
    assertThat(EMPTY.attempts("x")).isNull();
  }

  @Test
  void shouldFallBackToTheDefault() {
    assertThat(EMPTY.flag("x", true)).isTrue();
    assertThat(EMPTY.flag("x", false)).isFalse();
    assertThat(EMPTY.choice("x", LockScope.SCHEMA)).isEqualTo(LockScope.SCHEMA);
  }

  @Test
  void shouldStripText() {
    assertThat(with(" a b\n").text("x")).isEqualTo("a b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n"})
  void shouldRefuseBlankText(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).text("x"))
        .withMessage(
            "tool.x is '%s', but must be a value; leave the property out for its default",
            value.replace('\n', ' '));
  }

  @ParameterizedTest
  @ValueSource(strings = {" secret ", "", " "})
  void shouldLeaveSecretsAsTheyAre(String value) {
    assertThat(with(value).secret("x")).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "0ms, PT0S",
    "500ms, PT0.5S",
    "500 ms, PT0.5S",
    "500MS, PT0.5S",
    "' 30s ', PT30S",
    "30, PT30S",
    "007, PT7S",
    "90 s, PT1M30S",
    "5m, PT5M",
    "5M, PT5M",
    "1h, PT1H",
    "8760h, PT8760H",
    "31536000, PT8760H",
    "31536000000ms, PT8760H",
    "PT5M, PT5M",
    "pt0.25s, PT0.25S",
    "P1D, PT24H",
    "P365D, PT8760H",
    "PT1H30M, PT1H30M"
  })
  void shouldUnderstandDurations(String value, Duration expected) {
    assertThat(with(value).duration("x", Duration.ZERO)).isEqualTo(expected);
    assertThat(with(value).timeout("x")).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "-1s",
        "+1",
        "1.5",
        "1.5s",
        "1,5s",
        "1e3",
        "5 minutes",
        "5min",
        "1d",
        "5m30s",
        "s",
        "ms",
        "five",
        "forever",
        "PT",
        "PT-5M",
        "P1Y",
        "P366D",
        "8761h",
        "31536001",
        "999999999999999",
        "999999999999999h",
        "9999999999999999999999999",
        "PT99999999999999999999S",
        "0x10",
        "٣s",
        "${timeout}"
      })
  void shouldRefuseWhatIsNoDuration(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).duration("x", Duration.ofMillis(1)))
        .withMessage(
            "tool.x is '%s', but must be a duration from 1 ms to 365 days: 500ms, 30s, 5m, 1h,"
                + " PT5M or a number of seconds",
            value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0ms", "PT0S", "PT0.0009S"})
  void shouldRefuseADurationBelowTheShortest(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).duration("x", Duration.ofMillis(1)))
        .withMessageStartingWith("tool.x is '%s', but must be a duration from 1 ms", value);
  }

  @Test
  void shouldRefuseNoneAsADuration() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with("none").duration("x", Duration.ZERO));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "NONE", " None "})
  void shouldUnderstandNoTimeout(String value) {
    assertThat(with(value).timeout("x")).isEqualTo(RetryPolicy.NO_TIMEOUT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "never", "soon", "366 d", "nones"})
  void shouldRefuseWhatIsNoTimeout(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).timeout("x"))
        .withMessage(
            "tool.x is '%s', but must be a duration from 0 to 365 days: 500ms, 30s, 5m, 1h, PT5M or"
                + " a number of seconds, or none to wait for ever",
            value);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "'  7 ', 7",
    "010, 10",
    "999999999, 999999999",
    "unlimited, 2147483647",
    "UNLIMITED, 2147483647"
  })
  void shouldUnderstandAttempts(String value, int expected) {
    assertThat(with(value).attempts("x")).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0", "-1", "+1", "1.0", "ten", "1000000000", "2147483648", "none", "1 000", "٣"})
  void shouldRefuseWhatIsNoNumberOfAttempts(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).attempts("x"))
        .withMessage(
            "tool.x is '%s', but must be a whole number from 1 to 999999999, or unlimited", value);
  }

  @ParameterizedTest
  @CsvSource({"true, true", "TRUE, true", "' True ', true", "false, false", "False, false"})
  void shouldUnderstandFlags(String value, boolean expected) {
    assertThat(with(value).flag("x", !expected)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "no", "1", "0", "on", "truee"})
  void shouldRefuseWhatIsNoFlag(String value) {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with(value).flag("x", true))
        .withMessage("tool.x is '%s', but must be true or false", value);
  }

  @ParameterizedTest
  @CsvSource({"database, DATABASE", "Schema, SCHEMA", "' SCHEMA ', SCHEMA"})
  void shouldUnderstandChoices(String value, LockScope expected) {
    assertThat(with(value).choice("x", LockScope.DATABASE)).isEqualTo(expected);
  }

  @Test
  void shouldRefuseWhatIsNoChoice() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> with("table").choice("x", LockScope.DATABASE))
        .withMessage("tool.x is 'table', but must be database or schema");
  }

  private static SettingReader withApplication(Map<String, String> own, String... namesAndTexts) {
    Map<String, ApplicationSetting> settings = new HashMap<>();
    for (int i = 0; i < namesAndTexts.length; i += 2) {
      settings.put(
          namesAndTexts[i],
          new ApplicationSetting("app." + namesAndTexts[i], namesAndTexts[i + 1]));
    }
    return new SettingReader("tool.", own::get).orElse(settings);
  }

  @Test
  void shouldTakeWhatIsNotSetFromTheApplication() {
    SettingReader reader = withApplication(Map.of("x", "own"), "x", "theirs", "y", "also theirs");

    assertThat(reader.text("x")).isEqualTo("own");
    assertThat(reader.text("y")).isEqualTo("also theirs");
    assertThat(reader.text("z")).isNull();
  }

  @Test
  void shouldNameThePropertyOfTheApplicationInAnErrorAboutItsSetting() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> withApplication(Map.of(), "x", "maybe").flag("x", true))
        .withMessage("app.x is 'maybe', but must be true or false");
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> withApplication(Map.of("x", "maybe"), "x", "true").flag("x", true))
        .withMessage("tool.x is 'maybe', but must be true or false");
  }

  @Test
  void shouldNotSendTheApplicationsPasswordToAnotherServer() {
    SettingReader reader =
        withApplication(Map.of("url", "own"), "url", "theirs", "user", "app", "password", "secret");

    assertThat(reader.text("url")).isEqualTo("own");
    assertThat(reader.text("user")).isNull();
    assertThat(reader.secret("password")).isNull();
  }

  @Test
  void shouldTakeUserAndPasswordFromWhereverForTheApplicationsUrl() {
    SettingReader reader =
        withApplication(Map.of("password", "own"), "url", "theirs", "user", "app");

    assertThat(reader.text("url")).isEqualTo("theirs");
    assertThat(reader.text("user")).isEqualTo("app");
    assertThat(reader.secret("password")).isEqualTo("own");
  }

  @Test
  void shouldKeepTheTextOfAnApplicationSettingToItself() {
    assertThat(new ApplicationSetting("app.password", "secret")).hasToString("app.password");
  }

  @ParameterizedTest
  @CsvSource({
    "timeot, timeout",
    "tiemout, timeout",
    "TIMEOUT_, timeout",
    "maxatempts, maxAttempts",
    "back-off, backoff",
    "ky, key"
  })
  void shouldNameTheSettingThatWasProbablyMeant(String written, String meant) {
    List<String> known = List.of("key", "timeout", "maxAttempts", "backoff", "maxBackoff");

    assertThat(SettingReader.unknown("lock.", written, known))
        .hasMessage(
            "Unknown property lock.%s. Did you mean lock.%s? Supported after lock.: %s"
                .formatted(written, meant, known));
  }

  @Test
  void shouldNotGuessWhatHasNothingSimilar() {
    assertThat(SettingReader.unknown("lock.", "colour", List.of("key", "timeout")))
        .hasMessage("Unknown property lock.colour. Supported after lock.: [key, timeout]");
  }
}
