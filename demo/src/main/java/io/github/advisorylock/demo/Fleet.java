package io.github.advisorylock.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The replicas of one service, with or without the lock on their class path. */
final class Fleet implements AutoCloseable {

  private final Tool tool;
  private final boolean withLock;
  private final Server server;
  private final List<ReplicaProcess> replicas = new ArrayList<>();

  Fleet(Tool tool, boolean withLock, Server server) {
    this.tool = tool;
    this.withLock = withLock;
    this.server = server;
  }

  /** So many replicas that are warm; starts the JVMs that are missing. */
  List<ReplicaProcess> ready(int count, Terminal terminal) {
    if (replicas.size() < count) {
      terminal.print("%d JVMs start ".formatted(count - replicas.size()));
      List<CompletableFuture<?>> starting = new ArrayList<>();
      List<Database> warmUps = new ArrayList<>();
      while (replicas.size() < count) {
        int number = replicas.size() + 1;
        Database warmUp = server.createDatabase("warm up " + number);
        warmUps.add(warmUp);
        ReplicaProcess replica = start(number, warmUp);
        replicas.add(replica);
        starting.add(replica.ready().thenRun(terminal::dot));
      }
      starting.forEach(CompletableFuture::join);
      warmUps.forEach(server::dropDatabase);
      terminal.print(" ");
    }
    return List.copyOf(replicas.subList(0, count));
  }

  /**
   * Each warms up in a database of its own, where it waits for nobody: what the scenes then show is
   * the race for one database, and not how two cores load the classes of ten JVMs.
   */
  private ReplicaProcess start(int number, Database warmUp) {
    String classPath = ClassPath.without(withLock ? List.of() : ClassPath.OURS);
    return ReplicaProcess.start(number, tool, classPath, warmUp.url(number, Map.of()));
  }

  @Override
  public void close() {
    replicas.forEach(replica -> replica.kill(Report.Outcome.STOPPED));
  }
}
