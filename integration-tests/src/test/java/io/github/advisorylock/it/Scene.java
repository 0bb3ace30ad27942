package io.github.advisorylock.it;

import io.github.advisorylock.LockKey;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What one test plays on: a fresh database, a probe into it, a group of replicas and, where it asks
 * for one, a pooler. Used with {@code @RegisterExtension}; clears up after each test, and after one
 * that failed prints what the database shows and what every replica and pooler logged.
 */
final class Scene implements BeforeEachCallback, AfterEachCallback {
  private final Supplier<Server> server;
  private final Replicas replicas = new Replicas();
  private Database database;
  private LockProbe probe;
  private PgBouncer pooler;

  Scene() {
    this(Server::get);
  }

  /** On another server, which is asked for before each test. */
  Scene(Supplier<Server> server) {
    this.server = server;
  }

  Database database() {
    return database;
  }

  LockProbe probe() {
    return probe;
  }

  Replicas replicas() {
    return replicas;
  }

  /** Puts a pooler with so many server sessions in front of the database, once in a test. */
  PgBouncer startPooler(PgBouncer.Mode mode, int poolSize) {
    if (pooler != null) {
      throw new IllegalStateException("There is one already: " + pooler.dump());
    }
    pooler = PgBouncer.start(database, mode, poolSize);
    return pooler;
  }

  /** Ends the session that holds the default key, and returns when it has gone. */
  void terminateHolder() {
    int pid = probe.holders(LockKey.MIGRATION.value()).get(0).pid();
    database.execute("SELECT pg_terminate_backend(" + pid + ")");
    probe.awaitUntil(
        () -> probe.sessions().stream().noneMatch(session -> session.pid() == pid),
        "the holder has gone");
  }

  /** Waits until some session holds the default key. */
  void awaitHolder() {
    probe.awaitUntil(
        () -> !probe.holders(LockKey.MIGRATION.value()).isEmpty(), "somebody has the lock");
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    database = server.get().freshDatabase();
    probe = new LockProbe(database);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try (Database dropped = database;
        PgBouncer ended = pooler;
        Replicas killed = replicas) {
      if (dropped != null && context.getExecutionException().isPresent()) {
        System.err.printf(
            "%s: what %s showed%n%s%n", context.getDisplayName(), dropped.name(), probe.dump());
        killed.all().forEach(replica -> System.err.println(replica.dump()));
        if (ended != null) {
          System.err.println(ended.dump());
        }
      }
    }
  }
}
