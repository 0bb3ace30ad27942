package io.github.advisorylock;

import static io.github.advisorylock.FakeSession.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people read when there is no lock. */
class LockMessagesTest {

  private static LockTimeoutException timeout(LockKey key, LockHolder holder) {
    return new LockTimeoutException(key, holder, 17, Duration.ofMillis(12_345), null);
  }

  @Test
  void shouldTellTheWholeStoryOfATimeout() {
    assertThat(timeout(LockKey.named("migration"), Holders.idle()))
        .hasMessage(
            """
            Gave up on the advisory lock migration (-8472138601791040455) (17 tries in 12.3 s): held \
            by pid 4711 [flyway holds migration (web-1:33)]
            Let the holder finish, or wait longer. To end it, if it is stuck: select \
            pg_catalog.pg_terminate_backend(4711);
            Session: pid 4711 [flyway holds migration (web-1:33)], user app, from 10.0.0.7, \
            connected since 2026-01-02T03:04:05Z, idle for 12.0 s
            """
                + "To look: select a.* from pg_catalog.pg_stat_activity a join"
                + " pg_catalog.pg_locks l on l.pid operator(pg_catalog.=) a.pid where l.locktype"
                + " operator(pg_catalog.=) 'advisory'::pg_catalog.text and l.granted and l.classid"
                + " operator(pg_catalog.=) 2322393812::pg_catalog.oid and l.objid"
                + " operator(pg_catalog.=) 945738809::pg_catalog.oid and l.objsubid"
                + " operator(pg_catalog.=) 1::pg_catalog.int2 and l.database"
                + " operator(pg_catalog.=) (select d.oid from pg_catalog.pg_database d where"
                + " d.datname operator(pg_catalog.=) pg_catalog.current_database());");
  }

  /** A stack trace shows both. */
  @Test
  void shouldLeaveOnlyFurtherFactsToTheCauseOfAToolsException() {
    LockTimeoutException whole = timeout(LockKey.MIGRATION, Holders.idle());

    IllegalStateException wrapper = whole.wrappedIn(IllegalStateException::new);

    assertThat(wrapper).hasMessageMatching("Gave up on .*\\RLet the holder finish, .*\\);");
    assertThat(wrapper.getCause()).hasMessageMatching("Session: pid 4711 .*\\RTo look: select .*");
    assertThat(whole)
        .hasMessage(wrapper.getMessage() + "\n" + wrapper.getCause().getMessage())
        .hasNoCause();
    assertThat(wrapper.getCause())
        .asInstanceOf(type(LockTimeoutException.class))
        .returns(whole.key(), LockTimeoutException::key)
        .returns(whole.holder(), LockTimeoutException::holder)
        .returns(whole.attempts(), LockTimeoutException::attempts)
        .returns(whole.waited(), LockTimeoutException::waited)
        .returns(whole.getStackTrace(), Throwable::getStackTrace)
        .returns(null, Throwable::getCause);
  }

  @Test
  void shouldBeTheCauseOfAToolsExceptionWithoutFurtherFacts() {
    LockLostException lost = new LockLostException(LockKey.of(42), Duration.ZERO, "gone", null);

    IllegalStateException wrapper = lost.wrappedIn(IllegalStateException::new);

    assertThat(wrapper).hasMessage(lost.getMessage()).cause().isSameAs(lost);
  }

  @Test
  void shouldKeepMessageWhenWrappedTwice() {
    Throwable facts =
        timeout(LockKey.MIGRATION, Holders.idle()).wrappedIn(IllegalStateException::new).getCause();

    IllegalStateException again =
        ((LockTimeoutException) facts).wrappedIn(IllegalStateException::new);

    assertThat(again).hasMessage(facts.getMessage());
  }

  @Test
  void shouldOfferNoStatementToEndAPreparedTransaction() {
    LockHolder prepared =
        new LockHolder(
            LockKey.MIGRATION, new ServerSession(0, "", "", null, null, null, null, null));

    assertThat(timeout(LockKey.MIGRATION, prepared))
        .hasMessageContaining(": held by a prepared transaction (see pg_prepared_xacts)\nLet")
        .hasMessageNotContaining("pg_terminate_backend");
  }

  @Test
  void shouldTellOfAHolderOfAnotherRoleWhatCanBeSeen() {
    assertThat(timeout(LockKey.MIGRATION, Holders.ofOtherRole()))
        .hasMessageContaining("held by pid 4711 [flyway holds migration (web-1:33)]\nLet");
  }

  @Test
  void shouldAdmitThatTheHolderCouldNotBeSeen() {
    assertThat(timeout(LockKey.MIGRATION, null))
        .hasMessageContaining(
            "(17 tries in 12.3 s): its holder could not be seen, or has just left\nLet")
        .hasMessageContaining("pg_locks")
        .hasMessageNotContaining("pg_terminate_backend");
  }

  @Test
  void shouldSayWhyTheLastTryFailed() {
    SQLException failure = new SQLException("Connection to db:5432\n refused", "08001");

    assertThat(new LockTimeoutException(LockKey.of(42), null, 1, Duration.ofMillis(3), failure))
        .hasMessageStartingWith(
            "Gave up on the advisory lock 42 (1 try in 3 ms): the last try failed: Connection to"
                + " db:5432 refused [SQLSTATE 08001]")
        .hasMessageNotContaining("holder")
        .hasCause(failure);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "42, 0, 42",
    "-1, 4294967295, 4294967295",
    "4294967296, 1, 0",
    "-9223372036854775808, 2147483648, 0",
    "9223372036854775807, 2147483647, 4294967295"
  })
  void shouldShowTheKeyAsPgLocksDoes(long key, String classId, String objectId) {
    assertThat(timeout(LockKey.of(key), null))
        .hasMessageContaining("l.classid operator(pg_catalog.=) %s::".formatted(classId))
        .hasMessageContaining("l.objid operator(pg_catalog.=) %s::".formatted(objectId));
  }

  @Test
  void shouldWriteSqlInWesternDigitsEverywhere() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(timeout(LockKey.of(42), Holders.idle(LockKey.of(42))))
          .hasMessageContaining("l.classid operator(pg_catalog.=) 0::")
          .hasMessageContaining("l.objid operator(pg_catalog.=) 42::")
          .hasMessageContaining("pg_terminate_backend(4711)")
          .hasMessageContaining("(17 tries in 12.3 s)");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldOfferWhatTheMessageSays() {
    LockKey key = LockKey.of(42);

    assertThat(timeout(key, Holders.idle()))
        .returns(key, LockTimeoutException::key)
        .returns(17, LockTimeoutException::attempts)
        .returns(Duration.ofMillis(12_345), LockTimeoutException::waited)
        .satisfies(e -> assertThat(e.holder()).contains(Holders.idle()));
  }

  @Test
  void shouldSurviveSerialization() throws Exception {
    LockTimeoutException original = timeout(LockKey.MIGRATION, Holders.idle());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(original);
    }

    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat((LockTimeoutException) in.readObject())
          .hasMessage(original.getMessage())
          .returns(original.holder(), LockTimeoutException::holder);
    }
  }

  private static LockUnavailableException unavailable(SQLException failure) {
    AdvisoryLock lock =
        new AdvisoryLock(LockKey.of(42), RetryPolicy.DEFAULT, LockListener.NONE, new FakeTiming());
    try {
      lock.acquire(FakeSession.locked().neverStartsAfresh().open(failing(failure)));
      throw new AssertionError("must fail");
    } catch (LockUnavailableException e) {
      return e;
    }
  }

  @Test
  void shouldSayWhichPrivilegeIsMissing() {
    assertThat(unavailable(new SQLException("permission denied for view pg_locks", "42501")))
        .hasMessage(
            "There is no advisory lock 42 to be had: permission denied for view pg_locks [SQLSTATE"
                + " 42501]. The role lacks a privilege that the lock needs: grant select on"
                + " pg_catalog.pg_locks to it");
    assertThat(unavailable(new SQLException("permission denied for function x", "42501")))
        .hasMessageEndingWith("grant it what the server names");
  }

  @Test
  void shouldSayWhatToDoOnAServerWithoutAdvisoryLocks() {
    assertThat(unavailable(new SQLException("pg_try_advisory_lock not supported", "0A000")))
        .hasMessageContaining("[SQLSTATE 0A000]. If the server does not implement advisory locks")
        .hasMessageContaining("set active=false");
  }

  @Test
  void shouldGuessThatAPoolIsExhaustedIfItProvidesNoConnection() {
    SQLException failure = new SQLException("Connection is not available, timed out");
    ConnectionSource pool =
        () -> {
          throw failure;
        };

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(
            () ->
                new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, LockListener.NONE)
                    .acquire(LockSession.dedicated(pool, "test")))
        .withMessageContaining("timed out. If the connection pool is exhausted: the lock needs one")
        .withCause(failure);
  }

  @Test
  void shouldNotGuessSoOfAConnectionThatIsOpen() {
    assertThat(unavailable(new SQLException("the driver has no such method")))
        .hasMessageEndingWith("to be had: the driver has no such method");
  }

  @Test
  void shouldLookForTheSqlStateBehindAPool() {
    SQLException driver = new SQLException("permission denied for view pg_locks", "42501");

    assertThat(unavailable(new SQLException("Failed to get a connection", driver)))
        .hasMessageContaining("[SQLSTATE 42501]. The role lacks");
  }
}
