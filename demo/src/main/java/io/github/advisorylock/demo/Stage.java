package io.github.advisorylock.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** Where scenes are played: the replicas of one service, and their database. */
final class Stage {

  /** Long enough for every replica to hear of the start before it comes. */
  private static final Duration UNTIL_START = Duration.ofMillis(200);

  /** A server process outlives its client by some milliseconds, on a busy machine by seconds. */
  private static final Duration FOR_GOODBYES = Duration.ofSeconds(10);

  /** So that the kill comes in the middle of the work. */
  private static final Duration AT_WORK_BEFORE_KILL = Duration.ofMillis(500);

  private final Fleet fleet;
  private final Database database;

  Stage(Fleet fleet, Database database) {
    this.fleet = fleet;
    this.database = database;
  }

  Take play(Scene scene, Terminal terminal) throws InterruptedException {
    List<ReplicaProcess> replicas = fleet.ready(scene.replicas(), terminal);
    database.forgetWork();
    terminal.print("go ");
    Instant start = Instant.now().plus(UNTIL_START);
    List<CompletableFuture<Report>> reports =
        replicas.stream().map(replica -> letGo(replica, start, scene, terminal)).toList();
    Instant endOfKilled = scene.kill() ? killWhoeverWorks(replicas, scene.patience()) : start;
    stopAfter(scene.patience(), replicas, reports);
    return new Take(
        start,
        IntStream.range(0, replicas.size())
            .mapToObj(i -> lane(replicas.get(i), reports.get(i).join(), endOfKilled))
            .toList(),
        database.leftovers(FOR_GOODBYES));
  }

  private CompletableFuture<Report> letGo(
      ReplicaProcess replica, Instant start, Scene scene, Terminal terminal) {
    String url = database.url(replica.number(), scene.settings());
    return replica
        .carryOut(new Order(start, url, scene.migrations()))
        .whenComplete((report, failure) -> terminal.dot());
  }

  /**
   * Returns when its session was last seen, which may be later: the server does not notice before
   * the end of a statement that its client is gone.
   */
  private Instant killWhoeverWorks(List<ReplicaProcess> replicas, Duration patience)
      throws InterruptedException {
    Instant deadline = Instant.now().plus(patience);
    Optional<Work> victim = Pause.untilThereIs(patience, database::unfinishedWork);
    if (victim.isEmpty()) {
      return Instant.now();
    }
    Pause.of(AT_WORK_BEFORE_KILL);
    replicas.get(victim.get().replica() - 1).kill(Report.Outcome.KILLED);
    return database.lastSeen(victim.get().session(), Duration.between(Instant.now(), deadline));
  }

  private static void stopAfter(
      Duration patience, List<ReplicaProcess> replicas, List<CompletableFuture<Report>> reports)
      throws InterruptedException {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(reports.toArray(CompletableFuture[]::new));
    try {
      all.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      IntStream.range(0, replicas.size())
          .filter(i -> !reports.get(i).isDone())
          .forEach(i -> replicas.get(i).kill(Report.Outcome.STOPPED));
      all.join();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private Lane lane(ReplicaProcess replica, Report report, Instant endOfKilled) {
    boolean killed = report.outcome() == Report.Outcome.KILLED;
    List<Work> work = database.work(killed ? endOfKilled : report.ended());
    return new Lane(
        replica.number(),
        report,
        work.stream().filter(done -> done.replica() == replica.number()).toList(),
        List.copyOf(replica.log()));
  }
}
