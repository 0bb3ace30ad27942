package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
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
 * Contract 9: every setting works in every channel that the tool has, and what cannot be used is an
 * error that says so. The tools differ in their channels and in one setting each.
 *
 * <p>That is shown by a product: in each channel one run with all settings shows what the adapter
 * is told, and in a quick one each setting shows its effect, since what the adapter is told is all
 * that it knows. For each kind of process a few effects show that nothing else is different there.
 */
@Timeout(120) // a setting that does not arrive would make a run wait for five minutes
abstract class SettingsContract {

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

  /** All ways to tell the tool. */
  abstract List<? extends SettingChannel> channels();

  /** Channel and proof, for {@link #contract9_shouldObey}; a static method {@code cells()}. */
  static Stream<Arguments> cells(SettingChannel channel, Collection<SettingProof> proofs) {
    return proofs.stream().map(proof -> Arguments.of(channel, proof));
  }

  /** Runs the tool on the scene's database. */
  final Ending run(SettingChannel channel, String... namesAndValues) throws Exception {
    return stage(channel).run(namesAndValues);
  }

  final SettingStage stage(SettingChannel channel) {
    return stage(channel, folder);
  }

  private SettingStage stage(SettingChannel channel, Path folder) {
    return new SettingStage(tool(), scene.database(), channel, folder);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cells")
  void contract9_shouldObey(SettingChannel channel, SettingProof proof) throws Exception {
    proof.prove(stage(channel));
    scene.probe().awaitNothingLeft();
  }

  /** The table goes to {@code target}, too, as it comes out. */
  @Test
  @Timeout(600)
  void contract9_shouldArriveInEachChannelAsTheManualSpellsIt() throws Exception {
    Map<String, String> examples = Setting.examples(tool());
    Map<SettingChannel, Map<String, String>> told = new LinkedHashMap<>();
    for (SettingChannel channel : channels()) {
      told.put(channel, stage(channel, folder.resolve("" + channel)).read(examples));
    }

    List<String> table =
        SettingTables.channels(
            tool(),
            (spelling, setting) ->
                told.entrySet().stream()
                    .filter(channel -> channel.getKey().spelling() == spelling)
                    .allMatch(
                        channel ->
                            setting.example().equals(channel.getValue().get(setting.name()))));
    table.forEach(System.out::println);
    Files.write(Path.of("target", "settings-%s.md".formatted(tool().sessions())), table);
    assertThat(told)
        .allSatisfy(
            (channel, settings) ->
                assertThat(settings)
                    .as("%s", channel)
                    .containsExactlyInAnyOrderEntriesOf(examples));
    assertThat(SettingTables.page()).containsSequence(table);
  }

  @Test
  void shouldHaveAProofOfEverySetting() {
    assertThat(SettingProof.each(tool()).stream().flatMap(proof -> proof.settings().stream()))
        .containsAll(SettingsProbe.names(tool()));
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
    "lease, 999ms, '0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M'",
    "lease, 25h, '0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M'",
    "lease, long, '0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M'",
    "pooling, statement, auto or session or transaction",
    "migrationLockTimeout, 577h, '0 for none, or a duration from 1ms to 24 days: 1500ms, 30s, 5m, 1h, PT5M'",
    "migrationLockTimeout, none, '0 for none, or a duration from 1ms to 24 days: 1500ms, 30s, 5m, 1h, PT5M'",
    "migrationStatementTimeout, PT0.0009S, '0 for none, or a duration from 1ms to 24 days'",
    "migrationStatementTimeout, -1, '0 for none, or a duration from 1ms to 24 days'",
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
