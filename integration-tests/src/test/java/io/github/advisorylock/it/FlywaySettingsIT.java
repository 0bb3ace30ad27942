package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.SettingChannel.Ending;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;

/** Contract 9 with Flyway. */
class FlywaySettingsIT extends SettingsContract {

  static Stream<Arguments> cells() {
    return Stream.of(
            cells(FlywayChannel.CONFIGURATION_MAP, SettingProof.each(Tool.FLYWAY)),
            cells(FlywayChannel.ENVIRONMENT, List.of(SettingProof.WAITING)),
            cells(FlywayChannel.COMMAND_LINE, List.of(SettingProof.WAITING, SettingProof.BACKOFFS)),
            cells(FlywayChannel.MAVEN_SYSTEM_PROPERTIES, List.of(SettingProof.WAITING)))
        .flatMap(cells -> cells);
  }

  @Override
  List<FlywayChannel> channels() {
    return List.of(FlywayChannel.values());
  }

  @Override
  Tool tool() {
    return Tool.FLYWAY;
  }

  @Override
  String ownSetting() {
    return "nativeLock";
  }

  @Override
  String ownSettingAllowed() {
    return "auto or keep";
  }

  @Override
  SettingChannel quickChannel() {
    return FlywayChannel.CONFIGURATION_MAP;
  }

  @Override
  String refusalBeforeAnything(String name, String value) {
    try (SilentServer server = new SilentServer()) {
      Ending ending = runAt(server, Map.of(tool().settings() + name, value));

      assertThat(ending.ok()).isFalse();
      assertThat(server.wasTouched()).as("a connection was opened").isFalse();
      return ending.said();
    }
  }

  @Test
  void contract9_control_shouldNoticeAConnection() {
    try (SilentServer server = new SilentServer()) {
      assertThat(runAt(server, Map.of()).ok()).isFalse();
      assertThat(server.wasTouched()).isTrue();
    }
  }

  private Ending runAt(SilentServer server, Map<String, String> settings) {
    return FlywayChannel.run(server.url(), new Login("nobody", "nothing"), folder, settings);
  }

  /** The control for the proof of nativeLock=keep. */
  @Test
  void shouldHaveFlywaysOwnLockOnTheWorkingSessionByDefault() throws Exception {
    SettingStage stage = stage(FlywayChannel.CONFIGURATION_MAP);

    assertThat(stage.run().ok()).isTrue();

    assertThat(stage.locksOfWorkingSession()).as("Flyway's and ours for work").isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "CONFIGURATION_MAP",
        "ENVIRONMENT",
        "COMMAND_LINE",
        "COMMAND_LINE_ENVIRONMENT",
        "CONF_FILE",
        "TOML_FLAT",
        "TOML_NESTED",
        "MAVEN_SYSTEM_PROPERTIES"
      })
  void shouldRefuseASettingThatDoesNotExist(FlywayChannel channel) throws Exception {
    Ending ending = run(channel, "timeot", "0");

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said()).containsIgnoringCase("timeot");
  }
}
