package io.github.advisorylock.demo;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Where the demo writes: no wider than 100 columns, and in colour only for somebody who looks. */
final class Terminal {

  static final int WIDTH = 100;

  private static final String BOLD = "1";
  private static final String RED = "31";
  private static final String GREEN = "32";

  // Not System.out, which knows only the characters of the locale, and there may be none.
  private final PrintStream out =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  @SuppressWarnings("SystemConsoleNull") // with -Djdk.console=java.base, see pom.xml
  private final boolean colour = System.console() != null && System.getenv("NO_COLOR") == null;

  void print(String text) {
    out.print(text);
    out.flush();
  }

  void println(String line) {
    out.println(line);
  }

  /** One more of many has got there. Safe to call from any thread. */
  void dot() {
    print(".");
  }

  /** Text of any length, broken into lines. */
  void paragraph(String text) {
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() + 1 + word.length() > WIDTH) {
        println(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    println(line.toString());
  }

  String bold(String text) {
    return in(BOLD, text);
  }

  String red(String text) {
    return in(RED, text);
  }

  String green(String text) {
    return in(GREEN, text);
  }

  private String in(String style, String text) {
    return colour ? "\033[" + style + "m" + text + "\033[0m" : text;
  }
}
