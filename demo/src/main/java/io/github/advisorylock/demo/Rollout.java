package io.github.advisorylock.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The demo's main class: plays every scene without and with the lock, draws both, and ends with
 * status 1 if anything went wrong with it. {@code -Dreplicas=16} sets how many replicas there are.
 */
final class Rollout {

  private static final int MOST = 50;

  /** What a replica needs at most is four. */
  private static final int CONNECTIONS = 300;

  private final int replicas;
  private final Terminal terminal = new Terminal();
  private final List<Comparison> played = new ArrayList<>();

  private Rollout(int replicas) {
    this.replicas = replicas;
  }

  /**
   * Runs the demo.
   *
   * @param arguments the file for the figures and timelines, and the folder for the pictures of the
   *     documentation
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    sayNothingAfterCtrlC();
    Rollout rollout = new Rollout(Integer.getInteger("replicas", 10));
    // Explicitly, since the tools may have left threads behind.
    System.exit(rollout.run(Path.of(arguments[0]), Path.of(arguments[1])) ? 0 : 1);
  }

  /** The server then stops under everybody's feet, and nobody wants to read how that feels. */
  private static void sayNothingAfterCtrlC() {
    AtomicBoolean stopping = new AtomicBoolean();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stopping.set(true)));
    Thread.currentThread()
        .setUncaughtExceptionHandler(
            (thread, failure) -> {
              if (!stopping.get()) {
                failure.printStackTrace();
              }
            });
  }

  private boolean run(Path page, Path pictures) throws IOException, InterruptedException {
    if (replicas < Scenes.FEW || replicas > MOST) {
      terminal.println("-Dreplicas must be from %d to %d.".formatted(Scenes.FEW, MOST));
      return false;
    }
    terminal.println("Starting a PostgreSQL …");
    Server server;
    try {
      server = Server.start(CONNECTIONS);
    } catch (IOException e) {
      terminal.paragraph(String.valueOf(e.getMessage()));
      return false;
    }
    try (server) {
      introduce(server);
      play(Tool.FLYWAY, Scenes.ofFlyway(replicas), server);
      play(Tool.LIQUIBASE, Scenes.ofLiquibase(replicas), server);
      summarise();
      Page.write(server.version(), played, page);
      Pictures.write(played, pictures);
      terminal.println("");
      terminal.println("The figures and timelines in a browser: " + page.toAbsolutePath());
      return endedWell(page.resolveSibling("rollout.log"));
    }
  }

  private void introduce(Server server) {
    terminal.paragraph(
        "%s, and %d replicas of a service, each a JVM of its own, started at the same moment:"
                .formatted(server.version(), replicas)
            + " first as they are, then with our jars on their class path and nothing else changed."
            + " Who works when is what the migrations themselves write into a table.");
    terminal.println("");
    terminal.println(Timeline.LEGEND);
  }

  private void play(Tool tool, List<Scene> scenes, Server server) throws InterruptedException {
    try (Fleet without = new Fleet(tool, false, server);
        Fleet with = new Fleet(tool, true, server)) {
      Stage stock = new Stage(without, server.createDatabase(tool + " without lock"));
      Stage locked = new Stage(with, server.createDatabase(tool + " with lock"));
      for (Scene scene : scenes) {
        announce(scene);
        Comparison comparison =
            new Comparison(
                scene, play(scene, stock, "without the jar"), play(scene, locked, "with the jar"));
        played.add(comparison);
        show(comparison);
      }
    }
  }

  private void announce(Scene scene) {
    terminal.println("");
    terminal.println(terminal.bold("%d. %s".formatted(played.size() + 1, scene.title())));
    terminal.paragraph(scene.note());
  }

  private Take play(Scene scene, Stage stage, String how) throws InterruptedException {
    terminal.print("   %-15s  ".formatted(how));
    Take take = stage.play(scene, terminal);
    terminal.println("");
    return take;
  }

  private void show(Comparison comparison) {
    Timeline timeline = new Timeline(comparison.longest(), terminal);
    terminal.println("");
    timeline.printScale();
    terminal.println("without the jar: " + Findings.counts(comparison.without()));
    timeline.print(comparison.without());
    terminal.println("with the jar: " + Findings.counts(comparison.with()));
    timeline.print(comparison.with());
    terminal.paragraph(Findings.sentence(comparison));
    Findings.lineOfAWaiter(comparison.with())
        .ifPresent(line -> terminal.paragraph("One that waited logged: " + line));
  }

  private void summarise() {
    String row = "%-38s │ %-9s %-9s %8s │ %-9s %-9s %8s";
    terminal.println("");
    terminal.println(row.formatted("", "without", "", "", "with", "", ""));
    terminal.println(row.formatted("", "failed", "overlap", "total", "failed", "overlap", "total"));
    for (Comparison comparison : played) {
      Take without = comparison.without();
      Take with = comparison.with();
      terminal.println(
          row.formatted(
              comparison.scene().name(),
              Findings.failed(without),
              overlapTime(without),
              Timeline.seconds(without.total()),
              Findings.failed(with),
              overlapTime(with),
              Timeline.seconds(with.total())));
    }
  }

  /** Whether nothing went wrong with the lock; if something did, what the replicas logged helps. */
  private boolean endedWell(Path logFile) throws IOException {
    List<Take> bad = failedWithLock(played);
    if (bad.isEmpty()) {
      return true;
    }
    Files.write(
        logFile,
        bad.stream()
            .flatMap(take -> take.lanes().stream())
            .flatMap(lane -> lane.log().stream().map(line -> lane.replica() + ": " + line))
            .toList());
    terminal.println(terminal.red("Something went wrong with the jar. The log: " + logFile));
    return false;
  }

  /** The demo fails if there are any. */
  static List<Take> failedWithLock(List<Comparison> played) {
    return played.stream()
        .map(Comparison::with)
        .filter(take -> !Findings.problems(take).isEmpty())
        .toList();
  }

  private static String overlapTime(Take take) {
    return take.overlap().exists() ? Timeline.seconds(take.overlap().time()) : "none";
  }
}
