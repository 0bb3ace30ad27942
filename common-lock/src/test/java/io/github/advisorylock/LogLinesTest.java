package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Blocked;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockListener.Waiting;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinesTest {

  private static final LockKey KEY = LockKey.of(42);

  private final List<String> lines = new ArrayList<>();
  private final LogLines logLines =
      new LogLines(
          line -> lines.add("DEBUG " + line),
          line -> lines.add("INFO " + line),
          line -> lines.add("WARN " + line));

  private static Waiting waiting(RetryPolicy retry, LockHolder holder, SQLException failure) {
    return new Waiting(KEY, 3, Duration.ofMillis(700), retry, holder, failure);
  }

  @Test
  void shouldSayForWhomItWaits() {
    logLines.onWaiting(waiting(RetryPolicy.DEFAULT, Holders.ofOtherRole(KEY), null));

    assertThat(lines)
        .containsExactly(
            "INFO Waiting for the advisory lock 42: held by pid 4711 [flyway holds migration"
                + " (web-1:33)] (3 tries in 700 ms; timeout 5 min)");
  }

  @Test
  void shouldWaitForAnUnseenHolder() {
    logLines.onWaiting(waiting(RetryPolicy.DEFAULT, null, null));

    assertThat(lines)
        .containsExactly(
            "INFO Waiting for the advisory lock 42: its holder could not be seen, or has just"
                + " left (3 tries in 700 ms; timeout 5 min)");
  }

  @Test
  void shouldSayThatThereIsNoTimeout() {
    Duration second = Duration.ofSeconds(1);
    logLines.onWaiting(
        waiting(new RetryPolicy(RetryPolicy.NO_TIMEOUT, 50, second, second, second), null, null));

    assertThat(lines)
        .singleElement()
        .asString()
        .endsWith("(3 tries in 700 ms; no timeout, at most 50 tries)");
  }

  @Test
  void shouldWarnOfAFailedTry() {
    logLines.onWaiting(
        waiting(RetryPolicy.DEFAULT, null, new SQLException("starting up", "57P03")));

    assertThat(lines)
        .containsExactly(
            "WARN Cannot try for the advisory lock 42, will try again: starting up [SQLSTATE 57P03]"
                + " (3 tries in 700 ms; timeout 5 min)");
  }

  @Test
  void shouldSayHowLongItWaited() {
    logLines.onAcquired(new Acquired(KEY, 2, Duration.ofSeconds(90)));

    assertThat(lines).containsExactly("INFO Acquired the advisory lock 42 (2 tries in 90.0 s)");
  }

  @Test
  void shouldBeQuietIfThereWasNoWait() {
    logLines.onAcquired(new Acquired(KEY, 1, Duration.ofMillis(4)));

    assertThat(lines).containsExactly("DEBUG Acquired the advisory lock 42 (1 try in 4 ms)");
  }

  @Test
  void shouldBeQuietAboutTheRelease() {
    logLines.onReleased(new Released(KEY, Duration.ofMinutes(2)));

    assertThat(lines).containsExactly("DEBUG Released the advisory lock 42 after 2 min");
  }

  @Test
  void shouldWarnOfALostLock() {
    logLines.onLost(new Lost(KEY, Duration.ofMinutes(2), "terminated [SQLSTATE 57P01]"));

    assertThat(lines)
        .containsExactly(
            "WARN The advisory lock 42 was lost: terminated [SQLSTATE 57P01]. It had been acquired 2 min before");
  }

  /** What another session may call itself or execute, and a server answer. */
  private static final String NASTY =
      "one\ntwo\r\nthree\u001b[31mred\u0007\u0085\u009b2J\u2028\u2029\u202etxt\t\"double\" 'single'";

  private static LockHolder nastyHolder(LockKey key) {
    return new LockHolder(
        key,
        new ServerSession(4711, NASTY, NASTY, NASTY, null, "active", Duration.ofSeconds(1), NASTY));
  }

  @Test
  void shouldWriteOneLineForEachEventWhateverIsInIt() {
    LockKey key = LockKey.named(NASTY);
    SQLException failure = new SQLException(NASTY, "XX000");
    Duration second = Duration.ofSeconds(1);

    logLines.onWaiting(new Waiting(key, 1, second, RetryPolicy.DEFAULT, nastyHolder(key), null));
    logLines.onWaiting(
        new Waiting(key, 1, second, RetryPolicy.DEFAULT, nastyHolder(key.forWork()), null));
    logLines.onWaiting(new Waiting(key, 2, second, RetryPolicy.DEFAULT, null, failure));
    logLines.onAcquired(new Acquired(key, 1, second));
    logLines.onAcquired(new Acquired(key, 2, second));
    logLines.onReleased(new Released(key, second));
    logLines.onLost(new Lost(key, second, NASTY));

    assertThat(lines).hasSize(7).allSatisfy(LogLinesTest::isOneLine);
  }

  private static void isOneLine(String line) {
    hasNoControlCharacters(line);
    assertThat(line).contains("one two three [31mred ").contains("txt", "\"double\" 'single'");
  }

  private static void hasNoControlCharacters(String line) {
    assertThat(line.codePoints().mapToObj(Character::getType))
        .doesNotContain(
            (int) Character.CONTROL,
            (int) Character.FORMAT,
            (int) Character.LINE_SEPARATOR,
            (int) Character.PARAGRAPH_SEPARATOR);
  }

  @Test
  void shouldSayWhyThereIsNoLockInOneLine() {
    LockKey key = LockKey.named(NASTY);
    SQLException failure = new SQLException(NASTY, "XX000");
    Duration second = Duration.ofSeconds(1);

    assertThat(
            List.of(
                new LockTimeoutException(key, null, 1, second, failure),
                new LockInterruptedException(key, 1, second, failure),
                LockUnavailableException.because(key, failure),
                new LockUnavailableException(key, NASTY, null),
                new LockLostException(key, second, NASTY, null)))
        .allSatisfy(e -> isOneLine(e.getMessage()));
  }

  @Test
  void shouldKeepOneLineForEachFactOfTimeout() {
    LockKey key = LockKey.named(NASTY);

    assertThat(
            new LockTimeoutException(key, nastyHolder(key), 1, Duration.ZERO, null)
                .getMessage()
                .split("\n"))
        .hasSize(4)
        .allSatisfy(LogLinesTest::hasNoControlCharacters);
  }

  @Test
  void shouldMakeOneLineOfWhatAServerDidNotSay() {
    assertThat(LogLines.oneLine(null)).isEqualTo("null");
  }

  @Test
  void shouldWarnOfWorkThatWaitsForSomebody() {
    List<ServerSession> others =
        List.of(
            new ServerSession(7, "app", "psql", null, null, "idle", null, "update orders"),
            new ServerSession(0, "", "", null, null, null, null, null),
            new ServerSession(8, "", "", null, null, null, null, null));
    logLines.onBlocked(new Blocked(KEY, 4711, "drop table\n  orders", others));
    logLines.onBlocked(new Blocked(KEY, 4711, null, others.subList(1, 2)));

    assertThat(lines)
        .containsExactly(
            "WARN The work under the advisory lock 42 (pid 4711: drop table orders) waits for pid 7"
                + " [psql], user app, idle, last: update orders; a prepared transaction (see"
                + " pg_prepared_xacts); pid 8. To end it, if it is stuck: select"
                + " pg_catalog.pg_terminate_backend(7); select pg_catalog.pg_terminate_backend(8);",
            "WARN The work under the advisory lock 42 (pid 4711) waits for a prepared transaction"
                + " (see pg_prepared_xacts)");
  }

  @Test
  void shouldSayWhyADatabaseCouldNotBeAskedWithoutItsPassword() {
    String message = "cannot connect\n  to jdbc:postgresql://a/b?password=secret";

    assertThat(LogLines.said(new SQLException(message, "08001")))
        .isEqualTo("cannot connect to jdbc:postgresql://a/b?password=***");
    assertThat(LogLines.said(new IllegalStateException(message)))
        .isEqualTo("cannot connect to jdbc:postgresql://a/b?password=***");
    assertThat(LogLines.said(new SQLException("gone", "08006"))).isEqualTo("gone [SQLSTATE 08006]");
  }
}
