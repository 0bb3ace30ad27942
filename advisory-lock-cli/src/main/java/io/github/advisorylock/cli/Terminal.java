package io.github.advisorylock.cli;

import java.io.Console;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Somebody who can be asked, if anybody is there: neither input nor output is redirected. */
final class Terminal {

  private static final Set<String> YES = Set.of("y", "yes");

  private final Console console;

  private Terminal(Console console) {
    this.console = console;
  }

  static Optional<Terminal> find() {
    return Optional.ofNullable(System.console()).map(Terminal::new);
  }

  boolean agreesTo(String question) {
    String answer = console.readLine("%s [y/N] ", Lines.harmless(question));
    return answer != null && YES.contains(answer.strip().toLowerCase(Locale.ROOT));
  }

  /** Without showing what is typed. */
  String password() {
    char[] typed = console.readPassword("Password: ");
    return typed == null ? "" : new String(typed);
  }
}
