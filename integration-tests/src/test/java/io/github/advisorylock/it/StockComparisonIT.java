package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What works with the stock tool works with the jars at least as well. Each row of {@link
 * StockComparisonCases} runs with and without them, at the same time and each on a database of its
 * own; what differs must have been declared in the row. {@code -Dstock.comparison=…} runs only the
 * rows whose names contain that.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StockComparisonIT {
  private static final String ONLY = System.getProperty("stock.comparison", "");
  private static final int ATTEMPTS = 3;
  private static final int TIMES_SLOWER = 3;
  private static final long MILLIS_SLOWER = 2_000;

  @TempDir Path folder;
  private final Map<String, StockComparisonJvm> jvms = new HashMap<>();
  private final Set<StockComparisonDifference> seen = new HashSet<>();
  private int number;

  private static Stream<Arguments> rows() {
    return Arrays.stream(Tool.values())
        .flatMap(
            tool ->
                StockComparisonCases.of(tool).stream()
                    .filter(row -> row.name().contains(ONLY))
                    .map(row -> Arguments.of(tool, row)));
  }

  @AfterAll
  void close() {
    jvms.values().forEach(StockComparisonJvm::close);
    if (ONLY.isEmpty()) {
      for (Tool tool : Tool.values()) {
        assertThat(StockComparisonCases.differences(tool))
            .as("differences in general, which some row must still show")
            .allMatch(one -> one.optional() || seen.contains(one));
      }
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("rows")
  void shouldBehaveLikeStock(Tool tool, StockComparisonCase row) throws IOException {
    Path java = Path.of(System.getProperty("java.home"));
    if (row.jdk() > 0) {
      assumeTrue(Jdks.find(row.jdk()).isPresent(), "there is no JDK " + row.jdk());
      java = Jdks.find(row.jdk()).orElseThrow();
    }
    List<String> times = new ArrayList<>();
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Pair pair = compare(tool, row, java);
      if (pair.isQuickEnough()) {
        return;
      }
      times.add(pair.stock.millis() + " ms with stock, " + pair.jars.millis() + " ms with the jar");
    }
    throw new AssertionError("Too slow each time: " + times);
  }

  private Pair compare(Tool tool, StockComparisonCase row, Path java) throws IOException {
    StockComparisonJvm stock = jvm(tool, false, java);
    StockComparisonJvm jars = jvm(tool, true, java);
    Pair pair;
    try (Database ofStock = Server.get().freshDatabase();
        Database ofJars = Server.get().freshDatabase()) {
      Path files = writeFiles(row);
      prepare(row, stock, ofStock, files);
      prepare(row, stock, ofJars, files);
      CompletableFuture<StockComparisonReport> other =
          CompletableFuture.supplyAsync(() -> run(row, stock, ofStock, files));
      StockComparisonReport withJars = run(row, jars, ofJars, files);
      pair = new Pair(other.join(), withJars);
    }
    List<StockComparisonDifference.Line> lines =
        StockComparisonDifference.between(pair.stock.lines(), pair.jars.lines());
    List<StockComparisonDifference> general = StockComparisonCases.differences(tool);
    List<StockComparisonDifference> declared = new ArrayList<>(row.differences());
    declared.addAll(general);
    general.stream().filter(one -> lines.stream().anyMatch(one::explains)).forEach(seen::add);
    assertThat(StockComparisonDifference.undeclared(lines, declared))
        .as("differences that are not declared%n-- stock%n%s-- jar%n%s", pair.stock, pair.jars)
        .isEmpty();
    assertThat(StockComparisonDifference.obsolete(lines, row.differences()))
        .as("declared differences that are none%n-- stock%n%s-- jar%n%s", pair.stock, pair.jars)
        .isEmpty();
    return pair;
  }

  private record Pair(StockComparisonReport stock, StockComparisonReport jars) {
    boolean isQuickEnough() {
      return jars.millis() <= TIMES_SLOWER * stock.millis() + MILLIS_SLOWER;
    }
  }

  private StockComparisonJvm jvm(Tool tool, boolean withJars, Path java) {
    return jvms.computeIfAbsent(
        tool + " " + withJars + " " + java, any -> StockComparisonJvm.start(tool, withJars, java));
  }

  private Path writeFiles(StockComparisonCase row) throws IOException {
    Path files = Files.createDirectory(folder.resolve("case" + ++number));
    for (var file : row.files().entrySet()) {
      Path path = files.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    return files;
  }

  private static void prepare(
      StockComparisonCase row, StockComparisonJvm stock, Database database, Path files) {
    row.setUp().forEach(database::execute);
    if (row.preparation() != null) {
      StockComparisonReport report =
          carryOut(StockComparisonWorker.PREPARE, row, stock, database, files);
      assertThat(report.lines().get(StockComparisonAspect.OUTCOME))
          .as("%s", report)
          .containsExactly("success");
    }
  }

  private static StockComparisonReport run(
      StockComparisonCase row, StockComparisonJvm jvm, Database database, Path files) {
    return carryOut(StockComparisonWorker.RUN, row, jvm, database, files);
  }

  private static StockComparisonReport carryOut(
      String action,
      StockComparisonCase row,
      StockComparisonJvm jvm,
      Database database,
      Path files) {
    return jvm.carryOut(StockComparisonWorker.order(action, row, database, database.owner(), files))
        .normalised(database, files);
  }
}
