package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The replicas of one test: started, loaded, and let go together, as an orchestrator would; killed
 * at the end of the test whatever happened.
 */
final class Replicas implements AutoCloseable {
  private final List<Replica> replicas = new ArrayList<>();
  private final List<Path> folders = new ArrayList<>();

  /** Starts {@code count} JVMs and returns once all have loaded the tool. */
  List<Replica> start(int count, Rollout rollout) {
    Path folder = newFolder();
    rollout.migrations().writeTo(folder, rollout.tool());
    List<Replica> started = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Replica replica = Replica.start("replica-" + (replicas.size() + 1), rollout, folder);
      replicas.add(replica);
      started.add(replica);
    }
    started.forEach(Replica::awaitReady);
    return started;
  }

  Replica start(Rollout rollout) {
    return start(1, rollout).get(0);
  }

  /** Every replica so far. */
  List<Replica> all() {
    return replicas;
  }

  /** The barrier: every replica is loaded, now all run at once. */
  Replicas go() {
    replicas.forEach(Replica::go);
    return this;
  }

  /** Waits for all, each for at most {@code deadline}, in the order in which they were started. */
  List<Outcome> outcomes(Duration deadline) {
    return replicas.stream().map(replica -> replica.outcome(deadline)).toList();
  }

  List<Outcome> outcomes() {
    return outcomes(Await.DEADLINE);
  }

  /** How many have finished, well or not. */
  long done() {
    return replicas.stream().filter(Replica::isDone).count();
  }

  @Override
  public void close() {
    replicas.forEach(Replica::close);
    folders.forEach(Replicas::delete);
  }

  private Path newFolder() {
    try {
      Path folder = Files.createTempDirectory("migrations-");
      folders.add(folder);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
