package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockListener.Waiting;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in a flight recording afterwards. */
class FlightRecordingTest {

  private static final String WAITING = "io.github.advisorylock.Waiting";
  private static final String HELD = "io.github.advisorylock.Held";
  private static final String LOST = "io.github.advisorylock.Lost";
  private static final String HOLDER =
      "pid 4711 [flyway holds migration (web-1:33)], user app, from 10.0.0.7, connected since"
          + " 2026-01-02T03:04:05Z";

  private static final RetryPolicy THREE_TRIES = Tries.upTo(3, Duration.ofSeconds(1));

  @TempDir Path folder;

  /** Of each test its own: JDK 17 may lose a text that an earlier recording of the JVM had, too. */
  private final LockKey key = LockKey.named("test " + UUID.randomUUID());

  private final FakeTiming timing = new FakeTiming();
  private Recording recording;

  @BeforeEach
  void startRecording() {
    recording = new Recording();
    List.of(WAITING, HELD, LOST).forEach(recording::enable);
    recording.start();
  }

  @AfterEach
  void closeRecording() {
    Thread.interrupted();
    recording.close();
  }

  private HeldLock acquire(FakeSession session) {
    return acquire(session, RetryPolicy.DEFAULT);
  }

  private HeldLock acquire(FakeSession session, RetryPolicy retry) {
    return new AdvisoryLock(key, retry, LockListener.NONE, timing).acquire(session);
  }

  private List<RecordedEvent> recorded() throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file);
  }

  private RecordedEvent recorded(String name) throws IOException {
    return recorded().stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no event " + name));
  }

  private RecordedEvent assertRecordedWait(String holder, int attempts, String outcome)
      throws IOException {
    RecordedEvent waiting = recorded(WAITING);
    assertThat(waiting.getString("key")).isEqualTo(key.toString());
    assertThat(waiting.getString("holder")).isEqualTo(holder);
    assertThat(waiting.getInt("attempts")).isEqualTo(attempts);
    assertThat(waiting.getString("outcome")).isEqualTo(outcome);
    return waiting;
  }

  private static List<String> names(List<RecordedEvent> events) {
    return events.stream().map(event -> event.getEventType().getName()).toList();
  }

  @Test
  void shouldHaveAWaitThatEndedWithTheLock() throws IOException {
    acquire(FakeSession.lockedUntilTry(4).holder(Holders.idle())).close();

    RecordedEvent waiting = assertRecordedWait(HOLDER, 4, "acquired");
    assertThat(waiting.getThread().getJavaName()).isEqualTo(Thread.currentThread().getName());
  }

  @Test
  void shouldHaveTheTimeInWhichTheLockWasHeld() throws IOException {
    acquire(FakeSession.lockedUntilTry(4)).close();

    RecordedEvent held = recorded(HELD);
    assertThat(held.getString("key")).isEqualTo(key.toString());
    assertThat(held.getInt("attempts")).isEqualTo(4);
    assertThat(held.getDuration("waited")).isEqualTo(Duration.ofMillis(600));
    assertThat(held.getString("outcome")).isEqualTo("released");
  }

  @Test
  void shouldHaveWaitAndHoldOneAfterTheOther() throws IOException {
    acquire(FakeSession.lockedUntilTry(2)).close();

    List<RecordedEvent> events = recorded();
    assertThat(names(events)).containsExactly(WAITING, HELD);
    assertThat(events.get(1).getStartTime()).isAfterOrEqualTo(events.get(0).getEndTime());
  }

  @Test
  void shouldHaveNoWaitWhereThereWasNone() throws IOException {
    acquire(FakeSession.free()).close();

    assertThat(names(recorded())).containsExactly(HELD);
  }

  @Test
  void shouldHaveAWaitThatTimedOut() throws IOException {
    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(FakeSession.locked().holder(Holders.idle()), THREE_TRIES));

    assertRecordedWait(HOLDER, 3, "timeout");
  }

  @Test
  void shouldHaveWhoHadTheLockInTheEnd() throws IOException {
    FakeSession session = FakeSession.locked().holder(Holders.idle());
    timing.duringSleep(() -> session.holder(Holders.ofOtherRole()));

    assertThatExceptionOfType(LockTimeoutException.class)
        .isThrownBy(() -> acquire(session, THREE_TRIES));

    assertThat(recorded(WAITING).getString("holder"))
        .isEqualTo("pid 4711 [flyway holds migration (web-1:33)]");
  }

  @Test
  void shouldHaveAWaitThatWasInterrupted() throws IOException {
    timing.duringSleep(() -> Thread.currentThread().interrupt());

    assertThatExceptionOfType(LockInterruptedException.class)
        .isThrownBy(() -> acquire(FakeSession.locked().holder(Holders.idle())));

    assertThat(Thread.interrupted()).isTrue(); // else the recording cannot be read
    assertRecordedWait(HOLDER, 1, "interrupted");
  }

  @Test
  void shouldHaveAWaitThatWasOfNoUse() throws IOException {
    FakeSession session =
        FakeSession.lockedUntilTry(2)
            .neverStartsAfresh()
            .next(failing(new SQLException("gone", "08006")));

    assertThatExceptionOfType(LockUnavailableException.class).isThrownBy(() -> acquire(session));

    assertRecordedWait(null, 2, "unavailable");
  }

  @Test
  void shouldHaveALossAndTheTimeBefore() throws IOException {
    HeldLock held = acquire(FakeSession.free().problemAtRelease("it was\ngone"));
    timing.pass(Duration.ofSeconds(90));

    held.close();

    List<RecordedEvent> events = recorded();
    assertThat(names(events)).containsExactlyInAnyOrder(HELD, LOST);
    for (RecordedEvent event : events) {
      assertThat(event.getString("key")).isEqualTo(key.toString());
      if (event.getEventType().getName().equals(LOST)) {
        assertThat(event.getString("reason")).isEqualTo("it was gone");
        assertThat(event.getDuration("held")).isEqualTo(Duration.ofSeconds(90));
      } else {
        assertThat(event.getString("outcome")).isEqualTo("lost");
        assertThat(event.getInt("attempts")).isEqualTo(1);
      }
    }
  }

  @Test
  void shouldNotHaveWhatTheHolderExecutes() throws IOException {
    acquire(
            FakeSession.lockedUntilTry(2)
                .holder(Holders.visible("active", "insert into keys values ('s3cret')")))
        .close();

    assertThat(recorded(WAITING).toString()).contains("pid 4711").doesNotContain("s3cret");
  }

  @Test
  void shouldHaveWhoWantsTheLock() throws IOException {
    acquire(FakeSession.lockedUntilTry(2)).close();

    assertThat(recorded(WAITING).getStackTrace().getFrames())
        .extracting(RecordedFrame::getMethod)
        .anyMatch(method -> method.getType().getName().equals(FlightRecordingTest.class.getName()));
  }

  /** Flight Recorder was started in the middle. */
  @Test
  void shouldHaveTheRestOfAWaitThatHadBegunBefore() throws IOException {
    FlightEvents events = new FlightEvents();

    events.onWaiting(
        new Waiting(
            LockKey.MIGRATION,
            16,
            Duration.ofSeconds(10),
            RetryPolicy.DEFAULT,
            Holders.idle(),
            null));
    events.onAcquired(new Acquired(LockKey.MIGRATION, 17, Duration.ofSeconds(11)));

    assertThat(recorded(WAITING).getInt("attempts")).isEqualTo(17);
  }

  @Test
  void shouldNotHaveAHoldWhoseBeginningNobodySaw() throws IOException {
    new FlightEvents().onReleased(new Released(LockKey.MIGRATION, Duration.ofSeconds(10)));

    assertThat(recorded()).isEmpty();
  }
}
