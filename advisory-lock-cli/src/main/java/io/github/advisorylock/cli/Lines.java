package io.github.advisorylock.cli;

import java.io.PrintWriter;
import picocli.CommandLine;

/** Text for a terminal, which what comes from the database must not be able to control. */
final class Lines {

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

  static String harmless(String text) {
    return text.replaceAll("[\\p{Cntrl}\\x{80}-\\x{9f}&&[^\\n]]", "?");
  }
}
