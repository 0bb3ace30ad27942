package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.CompatibilityMatrix.Cell;
import io.github.advisorylock.it.CompatibilityMatrix.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The matrix leaves no pair out, and everybody who names its releases names the same. */
class CompatibilityMatrixTest {
  private static final Path ROOT = Path.of("..");

  private static final List<Function<Cell, Object>> FACTORS =
      List.of(
          cell -> cell.line().release(),
          cell -> cell.line().jdk(),
          cell -> cell.line().driver(),
          Cell::server,
          Cell::pool);

  @ParameterizedTest
  @EnumSource
  void shouldBringTogetherEachTwo(Tool tool) {
    List<Cell> cells = CompatibilityMatrix.cells(tool);

    for (Function<Cell, Object> one : FACTORS) {
      for (Function<Cell, Object> other : FACTORS.subList(0, FACTORS.indexOf(one))) {
        Set<List<Object>> pairs = new HashSet<>();
        cells.forEach(cell -> pairs.add(List.of(one.apply(cell), other.apply(cell))));
        assertThat(pairs).hasSize(values(cells, one) * values(cells, other));
      }
    }
  }

  private static int values(List<Cell> cells, Function<Cell, Object> factor) {
    return (int) cells.stream().map(factor).distinct().count();
  }

  @ParameterizedTest
  @EnumSource
  void shouldBeInTheManualAsItIsWhenAllIsWell(Tool tool) throws IOException {
    String table =
        CompatibilityMatrix.table(
            tool,
            CompatibilityMatrix.cells(tool).stream()
                .collect(Collectors.toMap(cell -> cell, cell -> Verdict.PASSED)));

    assertThat(read("docs/compatibility.md")).contains("\n\n" + table + "\n");
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveTheNewestReleasesThatTheBuildHas(Tool tool) throws IOException {
    assertThat(read("pom.xml"))
        .contains(element(tool.sessions() + ".version", last(CompatibilityMatrix.releases(tool))))
        .contains(element("postgres.binaries.version", last(CompatibilityMatrix.SERVERS)))
        .contains(element("postgresql.version", last(CompatibilityMatrix.DRIVERS)));
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveTheOldestReleasesThatTheGateHas(Tool tool) throws IOException {
    String oldest =
        "-D%s.version=%s ".formatted(tool.sessions(), CompatibilityMatrix.releases(tool).get(0));

    assertThat(read(".ci/run")).contains(oldest);
    assertThat(read("CONTRIBUTING.md")).contains(oldest);
  }

  @Test
  void shouldHaveAServerThatTheGateRunsEverythingOn() throws IOException {
    String gate = read(".ci/run");

    assertThat(CompatibilityMatrix.SERVERS)
        .filteredOn(server -> gate.contains("-Dpostgres.binaries.version=" + server + " "))
        .hasSize(1);
  }

  private static String read(String file) throws IOException {
    return Files.readString(ROOT.resolve(file));
  }

  private static String element(String name, String value) {
    return "<%1$s>%2$s</%1$s>".formatted(name, value);
  }

  private static String last(List<String> values) {
    return values.get(values.size() - 1);
  }
}
