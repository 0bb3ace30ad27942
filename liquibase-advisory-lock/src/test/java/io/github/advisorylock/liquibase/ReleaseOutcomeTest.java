package io.github.advisorylock.liquibase;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LogLines;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import liquibase.Scope;
import liquibase.logging.mdc.MdcManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The values that structured logs have with the lines of a release. */
class ReleaseOutcomeTest {

  private static final String KEY = "releaseLocksOutcome";

  private final FakeMdcManager mdc = new FakeMdcManager();
  private final List<String> outcomes = new ArrayList<>();
  private final LogLines lines =
      new LogLines(
          line -> outcomes.add(mdc.shown()),
          line -> outcomes.add(mdc.shown()),
          line -> outcomes.add(mdc.shown()));

  private static MdcManagerFactory factory() {
    return Scope.getCurrentScope().getSingleton(MdcManagerFactory.class);
  }

  @BeforeEach
  void register() {
    factory().register(mdc);
  }

  @AfterEach
  void unregister() {
    factory().unregister(mdc);
  }

  private LockListener listener() {
    return ReleaseOutcome.around(lines);
  }

  @Test
  void shouldSayThatAReleaseSucceeded() {
    listener().onReleased(new Released(LockKey.MIGRATION, Duration.ZERO));

    assertThat(outcomes).containsExactly("{" + KEY + "=success}");
  }

  @Test
  void shouldSayThatALostLockIsNotReleased() {
    listener().onLost(new Lost(LockKey.MIGRATION, Duration.ZERO, "gone"));

    assertThat(outcomes).containsExactly("{" + KEY + "=fail}");
  }

  @Test
  void shouldSayItOnWhateverThreadNoticesTheLoss() throws InterruptedException {
    LockListener listener = listener();
    Thread heartbeat =
        new Thread(() -> listener.onLost(new Lost(LockKey.MIGRATION, Duration.ZERO, "gone")));
    heartbeat.start();
    heartbeat.join();

    assertThat(outcomes).containsExactly("{" + KEY + "=fail}");
  }

  @Test
  void shouldSayNothingElse() {
    listener().onAcquired(new Acquired(LockKey.MIGRATION, 2, Duration.ZERO));

    assertThat(outcomes).containsExactly("{}");
  }

  @Test
  void shouldLeaveNothingBehind() {
    listener().onReleased(new Released(LockKey.MIGRATION, Duration.ZERO));
    ReleaseOutcome.ofFailure(() -> outcomes.add(mdc.shown()));

    assertThat(outcomes).last().isEqualTo("{" + KEY + "=fail}");
    assertThat(mdc.shown()).isEqualTo("{}");
  }
}
