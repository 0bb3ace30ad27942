package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class LockHolderTest {

  @Test
  void shouldDescribeWhatCanBeSeen() {
    assertThat(Holders.idle().describe())
        .isEqualTo(
            "pid 4711 [flyway holds migration (web-1:33)], user app, from 10.0.0.7, connected since"
                + " 2026-01-02T03:04:05Z, idle for 12.0 s");
  }

  @Test
  void shouldDescribeASessionOfAnotherRole() {
    assertThat(Holders.ofOtherRole().describe())
        .isEqualTo("pid 4711 [flyway holds migration (web-1:33)]");
  }

  @Test
  void shouldDescribeASessionOfWhichNothingIsKnown() {
    assertThat(
            new LockHolder(
                    LockKey.of(1), new ServerSession(4711, "", "", null, null, null, null, null))
                .describe())
        .isEqualTo("pid 4711");
  }

  @Test
  void shouldShowTheStatementAtWork() {
    assertThat(Holders.visible("active", "alter table orders\n  add note text").describe())
        .endsWith(", active for 12.0 s: alter table orders add note text");
  }

  @Test
  void shouldNotShowTheLastStatementOfAnIdleSession() {
    assertThat(Holders.visible("idle in transaction", "select 1").describe())
        .endsWith(", idle in transaction for 12.0 s");
  }

  @Test
  void shouldShortenALongStatement() {
    assertThat(Holders.visible("active", "x".repeat(101)).describe())
        .endsWith("active for 12.0 s: " + "x".repeat(100) + "…");
  }

  @Test
  void shouldNotShowAPassword() {
    assertThat(Holders.visible("active", "alter role app password 's3cret'").describe())
        .endsWith("active for 12.0 s: (a statement that mentions a password)");
  }

  @Test
  void shouldNotShowAPasswordAsText() {
    assertThat(Holders.visible("idle", "alter role app password 's3cret'").toString())
        .doesNotContain("s3cret");
  }

  @Test
  void shouldSayWhatItDoes() {
    assertThat(Holders.idle().session().describeState()).isEqualTo("idle for 12.0 s");
    assertThat(Holders.ofOtherRole().session().describeState()).isEmpty();
  }

  @Test
  void shouldShowTheLastStatementOfAnIdleSessionToWhoeverAsksForIt() {
    assertThat(Holders.visible("idle", "select\n 1").session().describeQuery())
        .isEqualTo("select 1");
    assertThat(Holders.ofOtherRole().session().describeQuery()).isEmpty();
    assertThat(
            Holders.visible("idle", "alter role app password 's3cret'").session().describeQuery())
        .isEqualTo("(a statement that mentions a password)");
  }

  @Test
  void shouldTellAPreparedTransactionFromASession() {
    assertThat(with(0, null).describe())
        .isEqualTo("a prepared transaction (see pg_prepared_xacts)");
  }

  private static LockHolder with(int pid, Instant connectedSince) {
    return new LockHolder(
        LockKey.of(1), new ServerSession(pid, "", "", null, connectedSince, null, null, null));
  }

  @Test
  void shouldTellALaterSessionWithTheSamePidApart() {
    Instant then = Instant.parse("2026-01-02T03:04:05Z");

    assertThat(with(7, then).isSameSession(with(7, then))).isTrue();
    assertThat(with(7, then).isSameSession(with(7, then.plusMillis(1)))).isFalse();
    assertThat(with(7, then).isSameSession(with(8, then))).isFalse();
  }

  @Test
  void shouldGoByThePidWhereMoreIsHidden() {
    Instant then = Instant.parse("2026-01-02T03:04:05Z");

    assertThat(with(7, null).isSameSession(with(7, then))).isTrue();
    assertThat(with(7, then).isSameSession(with(7, null))).isTrue();
    assertThat(with(7, null).isSameSession(with(8, null))).isFalse();
  }

  @Test
  void shouldSayHowToEndIt() {
    assertThat(with(7, null).endStatement())
        .isEqualTo("select pg_catalog.pg_terminate_backend(7);");
  }

  @Test
  void shouldNotShortenAStatementThatFits() {
    assertThat(Holders.visible("active", "x".repeat(100)))
        .hasToString(Holders.visible("active", "x".repeat(100)).describe())
        .asString()
        .endsWith(": " + "x".repeat(100));
  }
}
