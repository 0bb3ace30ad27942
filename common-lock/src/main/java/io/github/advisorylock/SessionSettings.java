package io.github.advisorylock;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Settings of the server that decide how long a session lives. All of them any role may set for its
 * own session; those that a release does not have are left out by whoever sets them.
 *
 * @see <a href="https://www.postgresql.org/docs/current/runtime-config-client.html">PostgreSQL:
 *     Client Connection Defaults</a>
 * @see <a href="https://www.postgresql.org/docs/current/runtime-config-connection.html">PostgreSQL:
 *     Connections and Authentication</a>
 */
final class SessionSettings {

  static final String IDLE_SESSION_TIMEOUT = "idle_session_timeout";
  static final String LOCK_TIMEOUT = "lock_timeout";
  static final String STATEMENT_TIMEOUT = "statement_timeout";

  private static final String OFF = "0";

  /** How often a server that executes a statement looks whether its client is still there. */
  static final String CONNECTION_CHECK = "client_connection_check_interval";

  /**
   * A host that has vanished is noticed after 5 + 3 * 2 seconds at most; the operating system's
   * default is more than two hours.
   */
  private static final Map<String, String> KEEPALIVES =
      Map.of(
          "tcp_keepalives_idle", "5", "tcp_keepalives_interval", "2", "tcp_keepalives_count", "3");

  /**
   * What keepalives are not sent for: an answer that was on its way when the host vanished, which
   * is sent again for a quarter of an hour otherwise. A client that is there has to read within
   * this time, too, which only the session that everybody waits for should ask of it. In
   * milliseconds, as the server shows it.
   */
  private static final Map<String, String> UNACKNOWLEDGED = Map.of("tcp_user_timeout", "10000");

  private SessionSettings() {}

  /**
   * For a session of the lock's own, while it waits: nothing but its silence may end it.
   *
   * @param longestSilence zero for any
   */
  static Map<String, String> dedicated(Duration longestSilence) {
    Map<String, String> settings = new LinkedHashMap<>(KEEPALIVES);
    settings.putAll(UNACKNOWLEDGED);
    settings.put("plan_cache_mode", "force_generic_plan"); // our statements have one plan
    settings.put(STATEMENT_TIMEOUT, OFF);
    settings.put(LOCK_TIMEOUT, OFF);
    settings.put("idle_in_transaction_session_timeout", OFF);
    settings.put("transaction_timeout", OFF);
    settings.put(IDLE_SESSION_TIMEOUT, inMillis(longestSilence));
    return settings;
  }

  /** The part of it that ends with a transaction in which the lock is held. */
  static Map<String, String> ofHoldingTransaction() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put(STATEMENT_TIMEOUT, OFF);
    settings.put(LOCK_TIMEOUT, OFF);
    settings.put("transaction_timeout", OFF);
    return settings;
  }

  /** For a session that works while it holds the lock. */
  static Map<String, String> borrowed(boolean canCheckConnections, WorkTimeouts timeouts) {
    Map<String, String> settings = working(canCheckConnections, timeouts);
    settings.putAll(UNACKNOWLEDGED);
    return settings;
  }

  /**
   * For a session that works: what it executes ends soon when its client has gone. Without
   * keepalives, to look at the connection would not tell that of a client whose host has vanished.
   */
  static Map<String, String> working(boolean canCheckConnections, WorkTimeouts timeouts) {
    Map<String, String> settings = new LinkedHashMap<>(KEEPALIVES);
    if (canCheckConnections) {
      settings.put(CONNECTION_CHECK, "1s");
    }
    settings.putAll(timeouts.settings());
    return settings;
  }

  /**
   * Those of them that are restored only if no script has changed them: all but the timeouts, which
   * are the work's alone.
   */
  static Map<String, String> leftToScripts(Map<String, String> settings) {
    Map<String, String> left = new LinkedHashMap<>(settings);
    left.keySet().removeAll(Set.of(LOCK_TIMEOUT, STATEMENT_TIMEOUT));
    return left;
  }

  static String inMillis(Duration duration) {
    return Long.toString(Math.min(duration.toMillis(), Integer.MAX_VALUE));
  }
}
