package io.github.advisorylock.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.advisorylock.it.CompatibilityMatrix.Cell;
import io.github.advisorylock.it.CompatibilityMatrix.Line;
import io.github.advisorylock.it.CompatibilityMatrix.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every {@link Promise} in every cell of the {@link CompatibilityMatrix}; the outcome is a table in
 * {@code target/compatibility}, too. Two processes stay for all cells of a line, and the servers
 * for all lines.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120) // where a setting does not arrive, a run would wait for five minutes
abstract class CompatibilityContract {
  private static final int PROCESSES = 2;

  private final Map<String, Server> servers = new HashMap<>();
  private final Map<Cell, Verdict> verdicts = new HashMap<>();
  private final List<Runner> runners = new ArrayList<>();
  private Line running;
  private CompatibilityReleases releases;

  @TempDir Path migrations;

  /** The tool whose releases are run. */
  abstract Tool tool();

  @BeforeAll
  void prepare() throws IOException {
    assumeTrue(
        Server.isEmbedded(), "The tests must start the servers, to have one of each release");
    releases = CompatibilityReleases.resolve(tool());
  }

  Stream<Arguments> cells() {
    return CompatibilityMatrix.cells(tool()).stream()
        .flatMap(cell -> Stream.of(Promise.values()).map(promise -> Arguments.of(cell, promise)));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cells")
  void shouldKeep(Cell cell, Promise promise) throws IOException {
    CompatibilityStage.writeMigrations(tool(), migrations);
    start(cell.line());
    try (Database database = server(cell.server()).freshDatabase()) {
      CompatibilityStage stage =
          new CompatibilityStage(cell, database, migrations, runners.get(0), runners.get(1));
      try {
        promise.prove(stage);
        stage.probe().awaitNothingLeft();
        verdicts.putIfAbsent(cell, Verdict.PASSED);
      } catch (AssertionError | RuntimeException e) {
        verdicts.put(cell, Verdict.FAILED);
        System.err.printf("%s, %s: %s%n", cell, promise, stage.probe().dump());
        runners.forEach(runner -> System.err.println(runner.dump()));
        endRunners(); // they may still be at it
        throw e;
      }
    }
  }

  private void start(Line line) throws IOException {
    if (line.equals(running)) {
      return;
    }
    endRunners();
    Path java =
        Jdks.find(line.jdk())
            .orElseGet(
                () ->
                    Assumptions.abort(
                        "No JDK %1$d: JAVA_%1$d_HOME says where it is".formatted(line.jdk())));
    String classPath = ReplicaClassPath.withLock(tool(), releases.libraries(line));
    Map<String, String> warmUp =
        Map.of(
            "tool", tool().name(),
            "url", "jdbc:postgresql://localhost/nowhere",
            "user", "",
            "password", "",
            "migrations", migrations.toString());
    for (int i = 1; i <= PROCESSES; i++) {
      runners.add(Runner.start("process-" + i, java, classPath, warmUp));
    }
    runners.forEach(Runner::awaitReady);
    running = line;
  }

  private void endRunners() {
    runners.forEach(Runner::close);
    runners.clear();
    running = null;
  }

  private Server server(String release) throws IOException {
    Server server = servers.get(release);
    if (server == null) {
      server = Server.of(releases.binaries(release));
      servers.put(release, server);
    }
    return server;
  }

  @AfterAll
  void write() throws IOException {
    endRunners();
    if (verdicts.isEmpty()) {
      return;
    }
    String table = CompatibilityMatrix.table(tool(), verdicts);
    Files.writeString(Path.of("target", "compatibility", tool().sessions() + ".md"), table);
    System.out.println(table);
  }
}
