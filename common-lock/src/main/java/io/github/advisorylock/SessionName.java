package io.github.advisorylock;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a lock session says of itself in {@code application_name}, the only thing about it that
 * other roles can see: {@code flyway holds migration (web-1:4711)}.
 */
final class SessionName {

  /** NAMEDATALEN - 1; the server cuts off what is longer, and with it the host and pid. */
  static final int LONGEST = 63;

  static final String HOLDS = " holds ";
  static final String WAITS_FOR = " waits for ";

  private static final Pattern FORM =
      Pattern.compile(".*?(?:" + HOLDS + "|" + WAITS_FOR + ")(.+) \\(.*:\\d+\\)");
  private static final int LONGEST_APPLICATION = 16;
  private static final int LONGEST_KEY = 20;

  private final String application;
  private final String host;
  private final long pid;

  SessionName(String application) {
    this(application, hostName(), ProcessHandle.current().pid());
  }

  SessionName(String application, String host, long pid) {
    this.application = headOf(printable(application), LONGEST_APPLICATION);
    this.host = printable(host);
    this.pid = pid;
  }

  String holding(LockKey key) {
    return name(saying(HOLDS, key));
  }

  String waiting(LockKey key) {
    return name(waitsFor(key));
  }

  /** What occurs in the name of every session that waits for the key, and says so. */
  static String waitsFor(LockKey key) {
    return saying(WAITS_FOR, key);
  }

  /** The name of the key, perhaps cut short, that a session says it holds or waits for. */
  static Optional<String> keyNameIn(String applicationName) {
    Matcher form = FORM.matcher(applicationName);
    return form.matches() && !form.group(1).isBlank()
        ? Optional.of(form.group(1))
        : Optional.empty();
  }

  private static String saying(String verb, LockKey key) {
    return verb + headOf(printable(key.name()), LONGEST_KEY) + " (";
  }

  private String name(String saying) {
    String what = application + saying;
    String process = ":" + pid + ")";
    return what + tailOf(host, LONGEST - what.length() - process.length()) + process;
  }

  private static String headOf(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length - 1) + "~";
  }

  /** A pod's name tells replicas apart by its end. */
  private static String tailOf(String text, int length) {
    return text.length() <= length ? text : "~" + text.substring(text.length() - length + 1);
  }

  /** The server replaces everything but printable ASCII, by up to four bytes each. */
  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  private static String hostName() {
    String fromEnvironment = System.getenv("HOSTNAME"); // set in containers, and costs no look-up
    if (fromEnvironment != null && !fromEnvironment.isBlank()) {
      return fromEnvironment;
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown host";
    }
  }
}
