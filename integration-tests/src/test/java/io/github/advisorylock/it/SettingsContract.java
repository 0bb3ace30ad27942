package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract 9: every setting arrives through every channel that the tool has, and what cannot be
 * used is an error that says so. The tools differ in their channels and in one setting each.
 */
@Timeout(120) // a setting that does not arrive would make a run wait for five minutes
abstract class SettingsContract {

  private static final List<String> IN_BOTH_TOOLS =
      List.of(
          "active",
          "key",
          "scope",
          "timeout",
          "maxAttempts",
          "backoff",
          "backoffStep",
          "maxBackoff",
          "wakeUp",
          "lease",
          "pooling",
          "url",
          "user",
          "password",
          "migrationLockTimeout",
          "migrationStatementTimeout");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  /** The tool that is told. */
  abstract Tool tool();

  /** The setting that only this tool has. */
  abstract String ownSetting();

  /** What {@link #ownSetting()} may be. */
  abstract String ownSettingAllowed();

  /** Runs in vain, and makes sure that the tool noticed before it did anything. */
  abstract String refusalBeforeAnything(String name, String value) throws Exception;

  /** A channel that costs no process. */
  abstract SettingChannel quickChannel();

  /** Channel and proof, for {@link #contract9_shouldObey}; a static method {@code cells()}. */
  static Stream<Arguments> cells(SettingChannel channel, Collection<SettingProof> proofs) {
    return proofs.stream().map(proof -> Arguments.of(channel, proof));
  }

  /** Runs the tool on the scene's database. */
  final Ending run(SettingChannel channel, String... namesAndValues) throws Exception {
    return stage(channel).run(namesAndValues);
  }

  final SettingStage stage(SettingChannel channel) {
    return new SettingStage(tool(), scene.database(), channel, folder);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cells")
  void contract9_shouldObey(SettingChannel channel, SettingProof proof) throws Exception {
    proof.prove(stage(channel));
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldHaveAProofOfEverySetting() {
    List<String> all =
        Stream.concat(IN_BOTH_TOOLS.stream(), Stream.of(ownSetting())).sorted().toList();
    for (List<SettingProof> proofs :
        List.of(SettingProof.each(tool()), SettingProof.together(tool()))) {
      assertThat(proofs.stream().flatMap(proof -> proof.settings().stream()).distinct().sorted())
          .containsExactlyElementsOf(all);
    }
  }

  @ParameterizedTest(name = "{0}={1}")
  @CsvSource({
    "active, yes, true or false",
    "active, ' ', a value; leave the property out for its default",
    "key, 9223372036854775808, 'a whole number from -9223372036854775808 to'",
    "key, ' ', a value; leave the property out for its default",
    "scope, table, database or schema",
    "timeout, 5 minutes, 'a duration from 0 to 365 days: 500ms, 30s, 5m, 1h, PT5M or a number of"
        + " seconds, or none to wait for ever'",
    "timeout, -1, a duration from 0 to 365 days",
    "timeout, 8761h, a duration from 0 to 365 days",
    "maxAttempts, 0, 'a whole number from 1 to 999999999, or unlimited'",
    "maxAttempts, 1.5, 'a whole number from 1 to 999999999, or unlimited'",
    "backoff, 0, a duration from 1 ms to 365 days",
    "backoff, fast, a duration from 1 ms to 365 days",
    "backoffStep, -1ms, a duration from 0 to 365 days",
    "maxBackoff, 0ms, a duration from 1 ms to 365 days",
    "wakeUp, sometimes, true or false",
    "lease, 999ms, '0 for none, or a duration from 1s to 24h, such as 30s'",
    "lease, 25h, '0 for none, or a duration from 1s to 24h, such as 30s'",
    "lease, long, a duration from 0 to 365 days",
    "pooling, statement, auto or session or transaction",
    "migrationLockTimeout, 577h, '0 for none, or a duration from 1ms to 24 days, such as 5s'",
    "migrationLockTimeout, none, a duration from 0 to 365 days",
    "migrationStatementTimeout, PT0.0009S, '0 for none, or a duration from 1ms to 24 days'",
    "migrationStatementTimeout, -1, a duration from 0 to 365 days",
    "url, https://example.org, a JDBC URL such as jdbc:postgresql://host:5432/database",
    "user, locker, left out when url is not set",
  })
  void contract9_shouldRefuse(String name, String value, String allowed) throws Exception {
    assertRefused(name, value, allowed);
  }

  @Test
  void contract9_shouldRefuseABadValueOfItsOwnSetting() throws Exception {
    assertRefused(ownSetting(), "perhaps", ownSettingAllowed());
  }

  private void assertRefused(String name, String value, String allowed) throws Exception {
    assertThat(refusalBeforeAnything(name, value))
        .contains(
            "%s%s is '%s', but must be %s".formatted(tool().settings(), name, value, allowed));
  }

  @Test
  void contract9_shouldKeepAPasswordWithoutAUrlToItself() throws Exception {
    Ending ending = run(quickChannel(), "password", "hunter2");

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said())
        .contains(tool().settings() + "password is '***', but must be left out when url is not set")
        .doesNotContain("hunter2");
  }

  @ParameterizedTest
  @CsvSource({
    "jdbc:mysql://db/app?user=me&password=hunter2",
    "jdbc:mysql://me:hunter2@db/app",
    "postgresql://me:hunter2@db/app"
  })
  void contract9_shouldKeepThePasswordInABadUrlToItself(String url) throws Exception {
    Ending ending = run(quickChannel(), "url", url);

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said())
        .contains(tool().settings() + "url is '")
        .contains("***")
        .doesNotContain("hunter2");
  }

  @Test
  void contract9_shouldKeepAWrongPasswordToItself() throws Exception {
    Map<String, String> lock =
        Map.of("url", scene.database().url(), "user", "postgres", "password", "hunter2");

    Ending ending =
        run(
            quickChannel(),
            lock.entrySet().stream()
                .flatMap(setting -> Stream.of(setting.getKey(), setting.getValue()))
                .toArray(String[]::new));

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said()).contains("28P01").doesNotContain("hunter2");
  }
}
