package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What becomes of a session that is told to end, and what people are told of it. */
class HolderEndTest {

  private static final LockKey KEY = LockKey.of(42);

  private final FakeServer server = new FakeServer();
  private final FakeClient client = server.connect();
  private final FakeTiming timing = new FakeTiming();

  private LockHolder holder() throws SQLException {
    return LockHolder.find(client.connection(), KEY).orElseThrow();
  }

  private HolderEnd end(LockHolder holder) throws Exception {
    return HolderEnd.of(client.connection(), holder, timing);
  }

  @Test
  void shouldEndTheSession() throws Exception {
    FakeBackend backend = server.backend().holding(KEY);
    LockHolder holder = holder();

    assertThat(end(holder))
        .isEqualTo(
            new HolderEnd(
                true, "Ended the session that held the advisory lock 42: " + holder.describe()));
    assertThat(backend.hasEnded()).isTrue();
  }

  @Test
  void shouldLeaveASessionAloneThatHasLetGo() throws Exception {
    FakeBackend backend = server.backend().holding(KEY);
    LockHolder holder = holder();
    backend.unlockAll();

    assertThat(end(holder))
        .isEqualTo(
            new HolderEnd(
                true, "The advisory lock 42 has just been released by " + holder.describe()));
    assertThat(backend.hasEnded()).isFalse();
  }

  @Test
  void shouldSayWhoMayIfTheRoleMayNot() throws Exception {
    FakeBackend backend = server.protectingBackends().backend().holding(KEY);

    assertThat(end(holder()))
        .returns(false, HolderEnd::released)
        .extracting(HolderEnd::message)
        .asString()
        .startsWith("The advisory lock 42 is held by pid " + backend.pid())
        .contains("whose session the role app may not end")
        .endsWith(
            "let it or a superuser run: select pg_catalog.pg_terminate_backend("
                + backend.pid()
                + ");");
    assertThat(backend.hasEnded()).isFalse();
  }

  @Test
  void shouldNotEndWhatItCannotTellFromALaterSession() throws Exception {
    FakeBackend backend = server.hidingBackends().backend().holding(KEY);

    assertThat(end(holder()).message()).contains("the role app may not end");
    assertThat(backend.hasEnded()).isFalse();
    assertThat(timing.sleeps()).isEmpty();
  }

  @Test
  void shouldSayThatASessionDoesNotDie() throws Exception {
    FakeBackend stubborn = server.ignoringTermination().backend().holding(KEY);

    assertThat(end(holder()))
        .returns(false, HolderEnd::released)
        .extracting(HolderEnd::message)
        .asString()
        .contains("was told to end, but 10 s later still holds it: pid " + stubborn.pid());
    assertThat(timing.slept()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void shouldSayWhatToDoAboutAPreparedTransaction() throws Exception {
    assertThat(end(LockHolder.unseen(KEY, 0)))
        .isEqualTo(
            new HolderEnd(
                false,
                "The advisory lock 42 is held by a prepared transaction (see pg_prepared_xacts),"
                    + " which has no session to end. Commit it, or roll it back: select * from"
                    + " pg_catalog.pg_prepared_xacts;"));
    assertThat(client.statements()).isEmpty();
  }

  @Test
  void shouldNotHideAnyOtherFailure() throws Exception {
    server.backend().holding(KEY);
    LockHolder holder = holder();
    client.failing("pg_terminate_backend", "57014");

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> end(holder))
        .returns("57014", SQLException::getSQLState);
  }
}
