package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A run that nobody watches loads nothing for those who would, and needs none of it. */
class LonelyRunTest {

  private static final String LOADED_FOR_WATCHING =
      ".*(io\\.micrometer|jdk\\.jfr\\.internal|"
          + "advisorylock\\.(FlightEvents|\\w+Event|LockMeters|LockTotals|WaitOutcome|HoldOutcome)).*";

  @Test
  void shouldTakeTheLockInARuntimeWithoutFlightRecorder() {
    assertThat(
            OtherJvm.run(
                LonelyRun.class, List.of("--limit-modules", "java.base,java.sql,java.logging")))
        .isEqualTo(LonelyRun.LOG);
  }

  @Test
  void shouldTakeTheLockWhileTheJvmIsRecorded() {
    assertThat(OtherJvm.run(LonelyRun.class, List.of("-XX:StartFlightRecording")))
        .containsAll(LonelyRun.LOG);
  }

  @Test
  void shouldLoadNothingForThoseWhoDoNotWatch() {
    List<String> loaded = OtherJvm.run(LonelyRun.class, List.of("-Xlog:class+load"));

    assertThat(loaded)
        .containsAll(LonelyRun.LOG)
        .anyMatch(line -> line.contains("advisorylock.FlightRecording "))
        .noneMatch(line -> line.matches(LOADED_FOR_WATCHING));
  }

  @Test
  void shouldTakeTheLockWhereOnlyAPartOfMicrometerIsThere() { // its parts are jars of their own
    assertThat(OtherJvm.run(LonelyRun.class, List.of(), MeterRegistry.class))
        .isEqualTo(LonelyRun.LOG);
  }
}
