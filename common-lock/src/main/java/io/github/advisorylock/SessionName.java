package io.github.advisorylock;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * What a lock session says of itself in {@code application_name}, the only thing about it that
 * other roles can see: {@code flyway holds migration (web-1:4711)}.
 */
final class SessionName {

  /** NAMEDATALEN - 1; the server cuts off what is longer, and with it the host and pid. */
  static final int LONGEST = 63;

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
    return name("holds", key);
  }

  String waiting(LockKey key) {
    return name("waits for", key);
  }

  private String name(String verb, LockKey key) {
    String what = application + " " + verb + " " + headOf(printable(key.name()), LONGEST_KEY);
    String process = ":" + pid + ")";
    int roomForHost = LONGEST - what.length() - " (".length() - process.length();
    return what + " (" + tailOf(host, roomForHost) + process;
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
