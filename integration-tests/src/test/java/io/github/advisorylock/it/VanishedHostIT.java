package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.advisorylock.it.LockProbe.Session;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A holder whose host vanishes tells nobody, and yet others go on soon. How soon is printed, next
 * to what is promised; what fails is what took so long that it was something else than keepalives,
 * as it is with those of the operating system.
 */
class VanishedHostIT {

  /** Keepalives take 5 + 3 * 2 s, and what comes before and after them may take some more. */
  private static final Duration PROMISE = Duration.ofSeconds(13);

  /** On a machine that is busy; what takes longer was something else than keepalives. */
  private static final Duration TOO_LATE = PROMISE.multipliedBy(2);

  /** Keepalives take 6 s from an answer that came just before; an RST or FIN takes no time. */
  private static final Duration TOO_SOON = Duration.ofSeconds(5);

  private static VanishingHost host;
  private static Server server;

  @RegisterExtension final Scene scene = new Scene(() -> server);

  @BeforeAll
  static void start() {
    assumeTrue(Server.isEmbedded(), "The server must be on this machine, and started by the tests");
    host = VanishingHost.create();
    server = Server.another(Map.of("listen_addresses", "localhost," + host.serverAddress()));
  }

  @AfterAll
  static void stop() {
    if (host != null) {
      host.close();
    }
  }

  @BeforeEach
  void bringBack() {
    host.appear();
  }

  /** The lock's own session has no lease, which would end it, too. */
  private Rollout rollout(Tool tool) {
    Migrations migrations =
        new Migrations()
            .versioned("1", "stop", Work.BEGIN, "CREATE TABLE once (id int)", Brake.SQL, Work.END)
            .versioned("2", "go on", "CREATE TABLE twice (id int)");
    return Rollout.of(tool, scene.database(), migrations).setting(tool.settings() + "lease", "0s");
  }

  private Replica startHolder(Tool tool, Brake brake) {
    Replica holder = scene.replicas().start(rollout(tool).on(host)).go();
    brake.awaitStopped();
    return holder;
  }

  private Replica startWaiter(Tool tool) {
    Replica waiter = scene.replicas().start(rollout(tool)).go();
    waiter.awaitLog("Waiting for the advisory lock");
    return waiter;
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldGoOnAfterAHolderThatWasIdle(Tool tool) {
    Work work = Work.recordIn(scene.database());
    try (Brake brake = Brake.on(scene.database())) {
      Replica holder = startHolder(tool, brake);
      Replica next = startWaiter(tool);
      holder.signal("STOP");
      brake.release();
      scene
          .probe()
          .awaitUntil(
              () -> sessions(holder).stream().allMatch(VanishedHostIT::isIdle),
              "the server waits for the holder");

      String moment = vanish();

      assertWentOn(tool, "idle", moment, next, work);
    }
  }

  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldGoOnAfterAHolderInMidStatement(Tool tool) {
    Work work = Work.recordIn(scene.database());
    try (Brake brake = Brake.on(scene.database())) {
      startHolder(tool, brake);
      Set<Integer> vanishing = brake.pids();
      Replica next = startWaiter(tool);

      String moment = vanish();
      scene
          .probe()
          .awaitUntil(() -> !vanishing.containsAll(brake.pids()), "another than the holder works");
      brake.release();

      assertWentOn(tool, "in mid-statement", moment, next, work);
    }
  }

  /** Keepalives are not sent as long as something is unacknowledged. */
  @ParameterizedTest
  @EnumSource(Tool.class)
  void shouldGoOnAfterAHolderThatWasBeingAnswered(Tool tool) {
    Work work = Work.recordIn(scene.database());
    try (Brake brake = Brake.on(scene.database())) {
      startHolder(tool, brake);
      Replica next = startWaiter(tool);

      String moment = vanish();
      brake.release();

      assertWentOn(tool, "while it was being answered", moment, next, work);
    }
  }

  private static boolean isIdle(Session session) {
    return session.waitEvent().equals("Client:ClientRead");
  }

  private List<Session> sessions(Replica replica) {
    return scene.probe().sessions().stream()
        .filter(
            session ->
                session.application().equals(replica.name())
                    || session.application().endsWith(":" + replica.pid() + ")"))
        .toList();
  }

  /** Returns the moment before, by the server's clock. */
  private String vanish() {
    String moment = scene.database().list("SELECT clock_timestamp()").get(0);
    host.vanish();
    return moment;
  }

  private void assertWentOn(Tool tool, String what, String moment, Replica next, Work work) {
    Outcome outcome = next.outcome();
    Duration recovery = work.beginSince(moment);
    System.out.printf(
        "vanished host: %s %s %.1f s (promised %d s)%n",
        tool, what, recovery.toMillis() / 1e3, PROMISE.toSeconds());

    assertThat(outcome).returns(true, Outcome::ok);
    assertThat(outcome.applied()).containsExactly("1", "2");
    assertThat(work.begun()).as("work that was not undone").isEqualTo(1);
    assertThat(work.ended()).isEqualTo(1);
    assertThat(recovery).isBetween(TOO_SOON, TOO_LATE);
    scene.probe().awaitUntil(() -> scene.probe().advisoryLocks().isEmpty(), "nothing is locked");
  }
}
