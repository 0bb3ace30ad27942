package io.github.advisorylock.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {

  @Test
  void shouldLetAnotherOneBeginInEachRound() {
    assertThat(Turns.rotated(List.of("a", "b", "c"), 0)).containsExactly("a", "b", "c");
    assertThat(Turns.rotated(List.of("a", "b", "c"), 1)).containsExactly("b", "c", "a");
    assertThat(Turns.rotated(List.of("a", "b", "c"), 3)).containsExactly("a", "b", "c");
  }

  @Test
  void shouldLetThoseThatSleepMostlyComeTogether() {
    assertThat(
            Turns.of(
                List.of(
                    Contender.LIQUIBASE,
                    Contender.FLYWAY,
                    Contender.SESSIONLOCK,
                    Contender.ADVISORY_LOCK),
                0))
        .containsExactly(
            List.of(Contender.FLYWAY),
            List.of(Contender.ADVISORY_LOCK),
            List.of(Contender.LIQUIBASE, Contender.SESSIONLOCK));
  }
}
