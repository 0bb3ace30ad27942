package io.github.advisorylock;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A PostgreSQL that understands {@link LockSql}'s statements by their key words. What it keeps is
 * the state that they change: who holds which key in which mode and until when, each session's
 * settings, transaction and snapshot. Whether the SQL is right, real servers say, in the module
 * integration-tests.
 */
final class FakeServer {

  private final List<FakeBackend> backends = new ArrayList<>();
  private final Map<String, String> defaults = new LinkedHashMap<>();
  private final List<String> revoked = new ArrayList<>();
  private String version = "PostgreSQL 18.6 on x86_64-pc-linux-gnu, compiled by gcc 12.2.0, 64-bit";
  private boolean standby;
  private boolean pretending;
  private boolean protectingBackends;
  private boolean hidingBackends;
  private boolean ignoringTermination;
  private String failureToNotify;

  FakeServer() {
    defaults.put("application_name", "app");
    defaults.put("plan_cache_mode", "auto");
    defaults.put("statement_timeout", "1min");
    defaults.put("lock_timeout", "10s");
    defaults.put("idle_in_transaction_session_timeout", "5min");
    defaults.put("transaction_timeout", "1h");
    defaults.put("idle_session_timeout", "10min");
    defaults.put("client_connection_check_interval", "0");
    defaults.put("tcp_user_timeout", "0");
    defaults.put("tcp_keepalives_idle", "7200");
    defaults.put("tcp_keepalives_interval", "75");
    defaults.put("tcp_keepalives_count", "9");
  }

  /** A release from before a setting. */
  FakeServer without(String setting) {
    defaults.remove(setting);
    return this;
  }

  FakeServer version(String text) {
    version = text;
    return this;
  }

  FakeServer standby() {
    standby = true;
    return this;
  }

  /** Grants every lock and shows none, as CockroachDB does. */
  FakeServer pretending() {
    pretending = true;
    return this;
  }

  /** Lets no role end a session. */
  FakeServer protectingBackends() {
    protectingBackends = true;
    return this;
  }

  /** Tells a session to end, and it does not. */
  FakeServer ignoringTermination() {
    ignoringTermination = true;
    return this;
  }

  /** Shows of a session what other roles see of it. */
  FakeServer hidingBackends() {
    hidingBackends = true;
    return this;
  }

  /**
   * Fails every statement that may notify: without a privilege before, otherwise after the rest.
   */
  FakeServer failingToNotify(String sqlState) {
    failureToNotify = sqlState;
    return this;
  }

  String failureToNotify() {
    return failureToNotify;
  }

  FakeBackend backend() {
    FakeBackend backend = new FakeBackend(this, 101 + backends.size(), defaults);
    backends.add(backend);
    return backend;
  }

  FakeClient connect() {
    return new FakeClient(false, backend());
  }

  /** Each transaction comes to another backend, and the pid that the client is told to none. */
  FakeClient connectThroughPooler() {
    return new FakeClient(true, backend(), backend(), backend());
  }

  /** Tells a pid of its own, too, but leaves the client its one backend. */
  FakeClient connectThroughSessionPooler() {
    return new FakeClient(true, backend());
  }

  Map<String, String> defaults() {
    return defaults;
  }

  /** Refuses a function to every role, as a hardened server does. */
  FakeServer revoking(String function) {
    revoked.add(function);
    return this;
  }

  boolean hasRevoked(String sql) {
    return revoked.stream().anyMatch(function -> sql.contains("." + function + "("));
  }

  List<List<Object>> missingPrivileges() {
    return revoked.stream().map(name -> List.<Object>of(name, true, "bigint")).toList();
  }

  String version() {
    return version;
  }

  boolean isStandby() {
    return standby;
  }

  boolean isPretending() {
    return pretending;
  }

  boolean isProtectingBackends() {
    return protectingBackends;
  }

  boolean isIgnoringTermination() {
    return ignoringTermination;
  }

  boolean isHidingBackends() {
    return hidingBackends;
  }

  Stream<FakeBackend> backends() {
    return backends.stream();
  }

  /** The backends that hold the key, in whatever mode, in the order in which they were started. */
  Stream<FakeBackend> holding(long key) {
    return backends.stream().filter(backend -> backend.holds(key));
  }

  Stream<FakeBackend> listeningOn(String channel) {
    return backends.stream().filter(backend -> backend.listensOn(channel));
  }

  List<Integer> holders(LockKey key) {
    return holding(key.value()).map(FakeBackend::pid).toList();
  }
}
