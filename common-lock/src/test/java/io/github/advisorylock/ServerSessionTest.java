package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ServerSessionTest {

  private static ServerSession session(String state, String query) {
    return new ServerSession(
        4711,
        "app",
        "psql",
        "10.0.0.7",
        Instant.parse("2026-01-02T03:04:05.678901Z"),
        state,
        Duration.ofMinutes(3),
        query);
  }

  @Test
  void shouldShowTheLastStatementOfASessionThatIsIdle() {
    assertThat(session("idle in transaction", "update orders\n set note = ''").describe())
        .isEqualTo(
            "pid 4711 [psql], user app, from 10.0.0.7, connected since 2026-01-02T03:04:05Z, idle"
                + " in transaction for 3 min, last: update orders set note = ''");
  }

  @Test
  void shouldShowTheStatementAtWorkOnce() {
    assertThat(session("active", "vacuum full orders").describe())
        .endsWith(", active for 3 min: vacuum full orders");
  }

  @Test
  void shouldShowNoStatementWhereThereIsNone() {
    assertThat(session("idle in transaction", "").describe()).endsWith("for 3 min");
    assertThat(session("idle in transaction", null).describe()).endsWith("for 3 min");
  }

  @Test
  void shouldDescribeASessionOfAnotherRole() {
    assertThat(new ServerSession(7, "", "psql", null, null, null, null, null))
        .hasToString("pid 7 [psql]");
  }

  @Test
  void shouldSayWhereToLookForAPreparedTransaction() {
    assertThat(new ServerSession(0, "", "", null, null, null, null, null).describe())
        .isEqualTo("a prepared transaction (see pg_prepared_xacts)");
  }

  @Test
  void shouldNotShowAPassword() {
    assertThat(session("idle", "alter role app password 's3cret'").toString())
        .doesNotContain("s3cret");
  }
}
