package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** TLC says of each configuration in docs/model what the table in its README says. */
class ProtocolModelTest {

  private static final Path MODEL = Path.of("..", "docs", "model");
  private static final Path OUTPUT = Path.of("target", "tlc");

  private static final String HOLDS = "holds";

  private static final ExecutorService TLC =
      Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
  private static Map<String, CompletableFuture<Result>> results = Map.of();

  /** A row of the table: the configuration, the property that is violated, how far TLC got. */
  private record Row(String configuration, String outcome, int states) {

    private static final Pattern ROW =
        Pattern.compile("\\| `(\\w+)` \\|.*\\| (?:violates )?`?(\\w+)`? \\| ([\\d,]+) \\|");

    static Stream<Row> of(String line) {
      return ROW.matcher(line)
          .results()
          .map(
              row ->
                  new Row(
                      row.group(1), row.group(2), Integer.parseInt(row.group(3).replace(",", ""))));
    }
  }

  /** What TLC printed. */
  private record Result(String output) {

    private static final Pattern INVARIANT = Pattern.compile("Invariant (\\w+) is violated");
    private static final Pattern STATES =
        Pattern.compile("^\\d+ states generated, (\\d+) distinct states found", Pattern.MULTILINE);

    String outcome() {
      if (output.contains("Model checking completed. No error has been found.")) {
        return HOLDS;
      }
      if (output.contains("Temporal properties were violated.")) {
        // The only one that there is; TLC does not name it.
        return "NeverStuck";
      }
      Matcher invariant = INVARIANT.matcher(output);
      return invariant.find() ? invariant.group(1) : "no outcome";
    }

    int states() {
      Matcher states = STATES.matcher(output);
      return states.find() ? Integer.parseInt(states.group(1)) : 0;
    }
  }

  static List<Row> rows() throws IOException {
    try (Stream<String> lines = Files.lines(MODEL.resolve("README.md"))) {
      return lines.flatMap(Row::of).toList();
    }
  }

  @BeforeAll
  static void startAll() throws IOException {
    results =
        rows().stream()
            .map(Row::configuration)
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    name -> CompletableFuture.supplyAsync(() -> check(name), TLC)));
  }

  @AfterAll
  static void stop() {
    TLC.shutdownNow();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void shouldFindWhatTheTableSays(Row row) {
    Result result = results.get(row.configuration()).join();

    assertThat(result.outcome()).as(result.output()).isEqualTo(row.outcome());
    assertThat(result.states()).isEqualTo(row.states());
  }

  @Test
  void shouldHaveEachConfigurationInTheTable() throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(name -> name.endsWith(".cfg"))
          .containsExactlyInAnyOrderElementsOf(
              rows().stream().map(row -> row.configuration() + ".cfg").toList());
    }
  }

  /** In a process of its own: TLC keeps its state in static fields and ends with System.exit. */
  private static Result check(String configuration) {
    try {
      Path directory = Files.createDirectories(OUTPUT.resolve(configuration)).toAbsolutePath();
      Path log = directory.resolve("log");
      Process process =
          new ProcessBuilder(
                  ChildProcess.java(
                      "-Xmx1g",
                      // TLC unpacks its standard modules there.
                      "-Djava.io.tmpdir=" + directory,
                      "-cp",
                      tlcJar(),
                      "tlc2.TLC",
                      "-metadir",
                      directory.resolve("states").toString(),
                      // More would find a violation, but not the shortest way to it.
                      "-workers",
                      "1",
                      "-lncheck",
                      "final",
                      "-config",
                      configuration + ".cfg",
                      "MigrationLock.tla"))
              .directory(MODEL.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        process.waitFor();
      } finally {
        process.destroyForcibly();
      }
      return new Result(Files.readString(log));
    } catch (IOException | InterruptedException | URISyntaxException e) {
      throw new IllegalStateException("TLC did not run on " + configuration, e);
    }
  }

  private static String tlcJar() throws URISyntaxException {
    return Path.of(tlc2.TLC.class.getProtectionDomain().getCodeSource().getLocation().toURI())
        .toString();
  }
}
