package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.SettingChannel.Ending;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;

/** Contract 9 with Liquibase. */
class LiquibaseSettingsIT extends SettingsContract {

  static Stream<Arguments> cells() {
    return Stream.of(
            cells(LiquibaseChannel.SYSTEM_PROPERTIES, SettingProof.each(Tool.LIQUIBASE)),
            cells(LiquibaseChannel.ENVIRONMENT, List.of(SettingProof.WAITING)),
            cells(
                LiquibaseChannel.COMMAND_LINE,
                List.of(SettingProof.WAITING, SettingProof.BACKOFFS)),
            cells(LiquibaseChannel.MAVEN_SYSTEM_PROPERTIES, List.of(SettingProof.WAITING)))
        .flatMap(cells -> cells);
  }

  @Override
  List<LiquibaseChannel> channels() {
    return List.of(LiquibaseChannel.values());
  }

  @Override
  Tool tool() {
    return Tool.LIQUIBASE;
  }

  @Override
  String ownSetting() {
    return "tableLock";
  }

  @Override
  String ownSettingAllowed() {
    return "warn or honour";
  }

  @Override
  SettingChannel quickChannel() {
    return LiquibaseChannel.SYSTEM_PROPERTIES;
  }

  /** Liquibase connects before it looks for a lock service. */
  @Override
  String refusalBeforeAnything(String name, String value) throws Exception {
    String said = stage(quickChannel()).refusal(name, value);

    assertThat(
            scene
                .database()
                .list("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
        .as("tables, those of Liquibase included")
        .isEmpty();
    return said;
  }

  /** Elsewhere Liquibase ignores what it does not know, or warns, unless told to be strict. */
  @Test
  void shouldRefuseAnOptionThatDoesNotExist() throws Exception {
    Ending ending = run(LiquibaseChannel.COMMAND_LINE, "timeot", "0");

    assertThat(ending.ok()).isFalse();
    assertThat(ending.said()).contains("--advisory-lock-timeot");
  }

  @Test
  void shouldKnowItsSettingsWhenLiquibaseIsStrict() throws Exception {
    Ending known = strict("liquibase.advisoryLock.timeout=0");
    Ending unknown = strict("liquibase.advisoryLock.timeot=0");

    assertThat(known.ok()).as(known.said()).isTrue();
    assertThat(unknown.ok()).isFalse();
    assertThat(unknown.said()).contains("liquibase.advisoryLock.timeot");
  }

  private Ending strict(String property) throws Exception {
    SettingStage.migrations().writeTo(folder, tool());
    Files.writeString(folder.resolve("liquibase.properties"), property);
    return Ending.of(
        LiquibaseShell.run(
            folder,
            scene.database(),
            scene.database().owner(),
            Map.of(),
            "--strict=true",
            "update"));
  }
}
