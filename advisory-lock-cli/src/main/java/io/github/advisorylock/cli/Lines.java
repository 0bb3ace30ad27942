package io.github.advisorylock.cli;

import java.io.PrintWriter;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;

/** Text for a terminal, which what comes from the database must not be able to control. */
final class Lines {

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

  private Lines() {}

  static void out(CommandLine command, String text) {
    print(command.getOut(), text);
  }

  static void error(CommandLine command, String text) {
    print(command.getErr(), text);
  }

  private static void print(PrintWriter writer, String text) {
    writer.println(harmless(text));
    writer.flush();
  }

  /** Without what controls a terminal, or breaks or turns round a line, but for line feeds. */
  static String harmless(String text) {
    return CONTROL.matcher(text).replaceAll(found -> found.group().equals("\n") ? "\n" : "?");
  }

  /** The same in one line, with no more than one space between two words. */
  static String oneLine(String text) {
    return harmless(text.strip().replaceAll("\\s+", " "));
  }

  /** For JSON, in whose strings alone there can be any: nothing of them is lost. */
  static String escaped(String json) {
    return CONTROL
        .matcher(json)
        .replaceAll(
            found ->
                found.group().equals("\n")
                    ? "\n"
                    : found
                        .group()
                        .chars()
                        .mapToObj("\\\\u%04x"::formatted)
                        .collect(Collectors.joining()));
  }
}
