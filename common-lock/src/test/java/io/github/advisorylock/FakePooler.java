package io.github.advisorylock;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A pooler that gives each transaction the backend that was used last, as PgBouncer does, and keeps
 * a client on its backend once a statement has some text in it.
 */
final class FakePooler {

  /** What PgDog recognizes: calls of advisory locks without the schema. */
  static final Pattern UNQUALIFIED =
      Pattern.compile("(?<!pg_catalog\\.)pg_(try_)?advisory_lock\\(");

  /** What RDS Proxy is said to: any such call. */
  static final Pattern ANY = Pattern.compile("pg_(try_)?advisory_lock\\(");

  private final Pattern pinning;
  private final List<FakeBackend> lastUsedFirst = new ArrayList<>();
  private final Map<FakeClient, FakeBackend> pinned = new HashMap<>();
  private final List<FakeClient> clients = new ArrayList<>();

  FakePooler(FakeServer server, int backends, Pattern pinning) {
    this.pinning = pinning;
    Stream.generate(server::backend).limit(backends).forEach(lastUsedFirst::add);
  }

  FakeClient connect() {
    FakeClient client = new FakeClient(this);
    clients.add(client);
    return client;
  }

  List<FakeClient> clients() {
    return clients;
  }

  Stream<FakeBackend> backends() {
    return lastUsedFirst.stream();
  }

  /** Keeps the session of the server, which goes to another client. */
  synchronized void leave(FakeClient client) {
    client.backend().rollback();
    pinned.remove(client);
  }

  /** The backend for a transaction that begins with a statement. */
  synchronized FakeBackend backendFor(FakeClient client, String sql) {
    FakeBackend chosen = pinned.get(client);
    if (chosen == null) {
      chosen =
          lastUsedFirst.stream()
              .filter(backend -> !backend.isInTransaction() && !pinned.containsValue(backend))
              .findFirst()
              .orElseThrow(() -> new AssertionError("No backend is free"));
    }
    lastUsedFirst.remove(chosen);
    lastUsedFirst.add(0, chosen);
    if (pinning.matcher(sql).find()) {
      pinned.put(client, chosen);
    }
    return chosen;
  }
}
