package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.StockComparisonDifference.Line;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StockComparisonDifferenceTest {
  private static final Line FEWER = new Line(StockComparisonAspect.LOG, "- b");
  private static final Line MORE = new Line(StockComparisonAspect.LOCKS, "+ c");

  private final List<Line> lines =
      StockComparisonDifference.between(
          Map.of(StockComparisonAspect.LOG, List.of("a", "b", "b")),
          Map.of(
              StockComparisonAspect.LOG, List.of("b", "a"),
              StockComparisonAspect.LOCKS, List.of("c")));

  private static StockComparisonDifference declared(Line line) {
    return new StockComparisonDifference(line.aspect(), "[-+] " + line.text().charAt(2), "because");
  }

  @Test
  void shouldCountLinesWhateverTheirOrder() {
    assertThat(lines).containsExactlyInAnyOrder(FEWER, MORE);
  }

  @Test
  void shouldFindWhatIsNotDeclared() {
    assertThat(StockComparisonDifference.undeclared(lines, List.of(declared(FEWER))))
        .containsExactly(MORE);
  }

  @Test
  void shouldFindDeclarationsThatExplainNothing() {
    StockComparisonDifference none =
        new StockComparisonDifference(StockComparisonAspect.LOG, "\\+ b", "the other way round");
    assertThat(StockComparisonDifference.obsolete(lines, List.of(declared(FEWER), none)))
        .containsExactly(none);
  }

  @Test
  void shouldLetTheDeclarationOfAFaultExplainNothing() {
    StockComparisonDifference fixed =
        StockComparisonDifference.untilFixed(StockComparisonAspect.LOG, "\\+ z", "was a fault");
    assertThat(StockComparisonDifference.obsolete(lines, List.of(fixed))).isEmpty();
  }
}
