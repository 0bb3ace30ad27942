package io.github.advisorylock.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplesTest {

  private final Samples samples = new Samples("handoff");

  @Test
  void shouldTellContendersAndScenariosApart() {
    samples.add("1 waiter", Contender.LIMIT, Quantity.TIME, Duration.ofMillis(1));
    samples.add("1 waiter", Contender.LIMIT, Quantity.TIME, Duration.ofMillis(3));
    samples.add("1 waiter", Contender.FLYWAY, Quantity.TIME, Duration.ofMillis(500));
    samples.add("50 waiters", Contender.LIMIT, Quantity.TIME, Duration.ofMillis(20));

    Distribution times = samples.of("1 waiter", Contender.LIMIT, Quantity.TIME);

    assertThat(times.inOrder()).containsExactly(1, 3);
    assertThat(times.median()).isEqualTo(2, within(1e-9));
    assertThat(times.max()).isEqualTo(3);
  }

  @Test
  void shouldHaveNoFiguresWhereNothingWasMeasured() {
    Distribution none = samples.of("1 waiter", Contender.LIMIT, Quantity.TIME);

    assertThat(none.size()).isZero();
    assertThat(none.median()).isNaN();
    assertThat(none.max()).isNaN();
    assertThat(none.sum()).isNaN();
  }

  @Test
  void shouldWriteOneLineForEach(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("samples.csv");
    samples.add("1 waiter", Contender.LIMIT, Quantity.TIME, Duration.ofMillis(1));

    Samples.write(List.of(samples), file);

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "benchmark,scenario,contender,quantity,unit,value",
            "handoff,1 waiter,\"pg_advisory_lock, the limit\",time,ms,1.0");
  }
}
