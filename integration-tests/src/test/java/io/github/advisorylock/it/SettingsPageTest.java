package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the manual's page on settings and the README say of them is what the code does. */
class SettingsPageTest {

  private static final Path README = Path.of("..", "README.md");

  /** The README's table: each setting, and what it says of its default. */
  private static Map<String, String> ofTheReadme() throws IOException {
    Map<String, String> settings = new TreeMap<>();
    Files.readAllLines(README).stream()
        .dropWhile(line -> !line.equals("| X | default | meaning |"))
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> line.split("\\|", -1))
        .forEach(
            cells -> {
              List<String> names = words(cells[1].replaceAll("\\(\\w+\\)", ""));
              List<String> defaults = words(cells[2]);
              for (int i = 0; i < names.size(); i++) {
                String unset = defaults.size() == 1 ? defaults.get(0) : defaults.get(i);
                settings.put(names.get(i).replace("`", ""), unset);
              }
            });
    return settings;
  }

  private static List<String> words(String cell) {
    return Stream.of(cell.split(",", -1)).map(String::strip).toList();
  }

  @ParameterizedTest
  @EnumSource
  void shouldKnowEachSetting(Tool tool) {
    assertThat(Setting.of(tool))
        .extracting(Setting::name)
        .containsExactlyElementsOf(SettingsProbe.names(tool));
  }

  @ParameterizedTest
  @EnumSource
  void shouldKnowTheDefaults(Tool tool) throws Exception {
    Object untouched = SettingsProbe.understood(tool, Map.of());
    Map<String, String> defaults = new HashMap<>();
    for (Setting setting : Setting.of(tool)) {
      setting.defaultValue().ifPresent(value -> defaults.put(setting.name(), value));
    }

    assertThat(SettingsProbe.understood(tool, defaults)).isEqualTo(untouched);
  }

  /** Otherwise an example would show nothing when it arrives. */
  @ParameterizedTest
  @EnumSource
  void shouldHaveExamplesThatMeanSomethingElse(Tool tool) throws Exception {
    for (Setting setting : Setting.of(tool)) {
      Map<String, String> settings = new HashMap<>(whatItBelongsTo(setting, tool));
      Object without = SettingsProbe.understood(tool, settings);
      settings.put(setting.name(), setting.example());

      assertThat(SettingsProbe.understood(tool, settings)).as("%s", setting).isNotEqualTo(without);
    }
  }

  private static Map<String, String> whatItBelongsTo(Setting setting, Tool tool) {
    return Set.of("user", "password").contains(setting.name())
        ? Map.of("url", Setting.examples(tool).get("url"))
        : Map.of();
  }

  @Test
  void shouldShowEachSettingInTheManual() throws IOException {
    List<String> table = SettingTables.reference();

    Files.write(Path.of("target", "settings.md"), table);
    assertThat(SettingTables.page()).containsSequence(table);
  }

  @ParameterizedTest
  @EnumSource
  void shouldShowHowEachIsSpelledInTheManual(Tool tool) {
    assertThat(SettingTables.page()).containsSequence(SettingTables.channels(tool));
  }

  @Test
  void shouldShowEachSettingInTheReadme() throws IOException {
    Map<String, String> settings = new TreeMap<>();
    for (Tool tool : Tool.values()) {
      Setting.of(tool).forEach(setting -> settings.put(setting.name(), setting.unset()));
    }

    assertThat(ofTheReadme()).containsExactlyEntriesOf(settings);
  }
}
