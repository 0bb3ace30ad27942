package io.github.advisorylock.it;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What one test plays on: a fresh database, a probe into it and a group of replicas. Used with
 * {@code @RegisterExtension}; clears up after each test, and after one that failed prints what the
 * database shows and what every replica logged.
 */
final class Scene implements BeforeEachCallback, AfterEachCallback {
  private final Replicas replicas = new Replicas();
  private Database database;
  private LockProbe probe;

  Database database() {
    return database;
  }

  LockProbe probe() {
    return probe;
  }

  Replicas replicas() {
    return replicas;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    database = Server.get().freshDatabase();
    probe = new LockProbe(database);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try (Database dropped = database;
        Replicas killed = replicas) {
      if (dropped != null && context.getExecutionException().isPresent()) {
        System.err.printf(
            "%s: what %s showed%n%s%n", context.getDisplayName(), dropped.name(), probe.dump());
        killed.all().forEach(replica -> System.err.println(replica.dump()));
      }
    }
  }
}
