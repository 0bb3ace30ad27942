package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/** The tables of the manual's page on settings, as they have to be. */
final class SettingTables {

  private static final Path PAGE = Path.of("..", "docs", "settings.md");

  /** The page says this once for all durations. */
  private static final String HOW_TO_WRITE_A_DURATION =
      ": 1?500ms, 30s, 5m, 1h, PT5M or a number of seconds";

  private SettingTables() {}

  static List<String> page() {
    try {
      return Files.readAllLines(PAGE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Each setting with its default, and what the adapters' errors say of other values. */
  static List<String> reference() {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (Tool tool : Tool.values()) {
      for (Setting setting : Setting.of(tool)) {
        rows.put(
            setting.name(), List.of(code(setting.name()), setting.unset(), allowed(tool, setting)));
      }
    }
    return table(List.of("X", "default", "must be"), rows.values().stream());
  }

  private static String allowed(Tool tool, Setting setting) {
    try {
      SettingsProbe.understood(tool, Map.of(setting.name(), setting.refused()));
    } catch (Exception e) {
      String says = "', but must be ";
      String message = e.getMessage();
      return message
          .substring(message.indexOf(says) + says.length())
          .replaceFirst(HOW_TO_WRITE_A_DURATION, "");
    }
    throw new AssertionError(setting + " is not refused");
  }

  /** Each setting as each channel spells it. */
  static List<String> channels(Tool tool) {
    return channels(tool, (spelling, setting) -> true);
  }

  /** The same, but without what has not arrived when it was spelled like that. */
  static List<String> channels(Tool tool, BiPredicate<Spelling, Setting> arrives) {
    List<Spelling> spellings = Spelling.of(tool);
    return table(
        Stream.concat(Stream.of("X", "for example"), spellings.stream().map(Spelling::heading))
            .toList(),
        Setting.of(tool).stream()
            .map(
                setting -> {
                  List<String> cells = new ArrayList<>();
                  cells.add(code(setting.name()));
                  cells.add(code(setting.example()));
                  for (Spelling spelling : spellings) {
                    cells.add(
                        arrives.test(spelling, setting)
                            ? code(spelling.of(setting.name()))
                            : "does not arrive");
                  }
                  return cells;
                }));
  }

  private static String code(String text) {
    return "`" + text + "`";
  }

  private static String line(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |";
  }

  private static List<String> table(List<String> headings, Stream<List<String>> rows) {
    List<String> lines = new ArrayList<>();
    lines.add(line(headings));
    lines.add("|" + "---|".repeat(headings.size()));
    rows.map(SettingTables::line).forEach(lines::add);
    return lines;
  }
}
