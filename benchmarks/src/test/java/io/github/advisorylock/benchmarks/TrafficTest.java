package io.github.advisorylock.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TrafficTest {

  private final Traffic traffic = new Traffic();

  @Test
  void shouldKnowTheMostConnectionsAtATime() {
    traffic.countOpened();
    traffic.countOpened();
    traffic.countClosed();
    traffic.countOpened();

    assertThat(traffic.connections()).isEqualTo(3);
    assertThat(traffic.mostConnections()).isEqualTo(2);
  }

  @Test
  void shouldNotForgetConnectionsThatAreStillOpen() {
    traffic.countOpened();
    traffic.reset();
    traffic.countOpened();

    assertThat(traffic.connections()).isEqualTo(1);
    assertThat(traffic.mostConnections()).isEqualTo(2);
  }
}
