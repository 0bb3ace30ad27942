package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.ServerSession;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.it.LockProbe.AdvisoryLockRow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** Who holds the lock, as others see it, and how to end it. */
class LockHolderIT {
  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  /** Without a lease: no heartbeat comes between what is seen and what is expected. */
  private HeldLock heldBy(Login login) {
    return stage
        .lock(LockStage.ONCE)
        .acquire(
            LockSession.dedicated(
                () -> scene.database().connect(login),
                LockStage.NAME,
                new SessionPolicy(Pooling.AUTO, Duration.ZERO, true)));
  }

  private LockHolder findAs(Login login) throws SQLException {
    try (Connection connection = scene.database().connect(login)) {
      return LockHolder.find(connection, LockStage.KEY).orElseThrow();
    }
  }

  private int pid() {
    AdvisoryLockRow row = scene.probe().holders(LockStage.KEY.value()).get(0);
    return row.pid();
  }

  @Test
  void shouldFindNobodyIfTheLockIsFree() throws SQLException {
    try (Connection connection = scene.database().connect()) {
      assertThat(LockHolder.find(connection, LockStage.KEY)).isEmpty();
    }
  }

  @Test
  void shouldSeeEverythingOfASessionOfTheSameRole() throws SQLException {
    Login login = scene.database().createLogin();
    Instant before = serverTime();
    try (HeldLock held = heldBy(login)) {
      LockHolder holder = findAs(login);

      assertThat(holder)
          .returns(held.key(), LockHolder::key)
          .returns(pid(), seen -> seen.session().pid())
          .returns(login.user(), seen -> seen.session().user())
          .returns("idle", seen -> seen.session().state());
      assertThat(holder.session().applicationName()).startsWith("it holds stage (");
      assertThat(holder.session().query()).contains("select");
      assertThat(holder.session().connectedSince()).isBetween(before, serverTime());
      assertThat(holder.describe())
          .contains("pid " + pid(), "it holds stage (", login.user(), "connected since");
    }
  }

  private Instant serverTime() {
    return scene
        .database()
        .list("SELECT clock_timestamp()", row -> row.getObject(1, OffsetDateTime.class).toInstant())
        .get(0);
  }

  @Test
  void shouldSeeTheNameOfASessionOfAnotherRole() throws SQLException {
    Login holding = scene.database().createLogin();
    Login other = scene.database().createLogin();
    try (HeldLock held = heldBy(holding)) {
      assertThat(findAs(other))
          .isEqualTo(
              new LockHolder(
                  held.key(),
                  new ServerSession(
                      pid(),
                      holding.user(),
                      findAs(holding).session().applicationName(),
                      null,
                      null,
                      null,
                      null,
                      null)));
    }
  }

  @Test
  void shouldSeeWhoSharesTheKeyForAPurposeOfItsOwn() throws SQLException {
    try (Connection connection = scene.database().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_lock_shared(" + LockStage.KEY.value() + ")");

      assertThat(LockHolder.find(connection, LockStage.KEY))
          .hasValueSatisfying(
              holder -> assertThat(holder.session().applicationName()).isEqualTo(Database.HARNESS));
    }
  }

  /** By the view that reads every session to show one. */
  private ServerSession seenInTheView(Login login, int pid) throws SQLException {
    try (Connection connection = scene.database().connect(login);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT usename, application_name, host(client_addr), backend_start, state, query"
                    + " FROM pg_stat_activity WHERE pid = "
                    + pid)) {
      row.next();
      OffsetDateTime since = row.getObject(4, OffsetDateTime.class);
      return new ServerSession(
          pid,
          Objects.requireNonNullElse(row.getString(1), ""),
          row.getString(2),
          row.getString(3),
          since == null ? null : since.toInstant(),
          row.getString(5),
          null,
          since == null ? null : row.getString(6));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT pg_advisory_lock(%d)",
        "SELECT pg_advisory_lock_shared(%d)",
        "BEGIN; SELECT pg_advisory_xact_lock(%d)",
        "BEGIN; SELECT pg_advisory_xact_lock_shared(%d)"
      })
  void shouldSeeOfWhoeverHoldsTheKeyWhatTheServersViewShows(String holding) throws SQLException {
    Login holder = scene.database().createLogin();
    Login monitoring = scene.database().createLogin("GRANT pg_read_all_stats TO :role");
    Login other = scene.database().createLogin();
    try (Connection connection = scene.database().connect(holder);
        Statement statement = connection.createStatement()) {
      statement.execute(holding.formatted(LockStage.KEY.value()));
      int pid = pid();

      for (Login login : List.of(holder, monitoring, other, scene.database().owner())) {
        assertThat(findAs(login).session())
            .as(login.user())
            .usingRecursiveComparison()
            .ignoringFields("stateFor")
            .isEqualTo(seenInTheView(login, pid));
      }
    }
  }

  @Test
  void shouldSeeAHolderWhoseRoleIsGone() throws SQLException {
    Login gone = new Login(scene.database().name() + "_gone", "secret");
    scene.database().execute("CREATE ROLE %s LOGIN PASSWORD 'secret'".formatted(gone.user()));
    try (Connection connection = scene.database().connect(gone);
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(%d)".formatted(LockStage.KEY.value()));
      scene.database().execute("DROP ROLE " + gone.user());

      assertThat(findAs(scene.database().owner()).session())
          .returns(pid(), ServerSession::pid)
          .returns("", ServerSession::user);
    }
  }

  @Test
  void shouldSeeTheOldestOfThoseWhoShareTheKey() throws SQLException {
    String share = "SELECT pg_advisory_lock_shared(%d)".formatted(LockStage.KEY.value());
    try (Connection older = scene.database().connect();
        Connection younger = scene.database().connect()) {
      younger.createStatement().execute(share);
      older.createStatement().execute(share);

      assertThat(findAs(scene.database().owner()).session().pid()).isEqualTo(LockStage.pid(older));
    }
  }

  @Test
  void shouldNotSeeWhoHoldsTheKeyInAnotherDatabaseOrAsTwoNumbers() throws SQLException {
    long key = LockStage.KEY.value();
    try (Database elsewhere = Server.get().freshDatabase();
        Connection connection = scene.database().connect()) {
      elsewhere.execute("SELECT pg_advisory_lock(%d)".formatted(key));
      scene
          .database()
          .execute("SELECT pg_advisory_lock(%d, %d)".formatted((int) (key >> 32), (int) key));

      assertThat(LockHolder.find(connection, LockStage.KEY)).isEmpty();
      assertThat(scene.probe().advisoryLocks()).hasSize(1);
    }
  }

  @Test
  void shouldSayThatARoleMayNotReadPgLocks() throws SQLException {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");
    try (Connection connection = scene.database().connect(scene.database().createLogin())) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> LockHolder.find(connection, LockStage.KEY))
          .returns("42501", SQLException::getSQLState);
    }
  }

  @Test
  void shouldSayThatARoleMayNotReadPgStatActivity() throws SQLException {
    scene.database().execute("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC");
    try (Connection connection = scene.database().connect(scene.database().createLogin())) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> LockHolder.find(connection, LockStage.KEY))
          .withMessageContaining("pg_stat_activity")
          .returns("42501", SQLException::getSQLState);
    }
  }

  @Test
  void shouldLeaveAnOpenTransactionOpen() throws SQLException {
    try (HeldLock held = heldBy(scene.database().owner());
        Connection connection = scene.database().connect()) {
      connection.setAutoCommit(false);
      connection.createStatement().execute("CREATE TABLE orders (id int)");

      assertThat(LockHolder.find(connection, held.key())).isPresent();

      assertThat(connection.unwrap(BaseConnection.class).getTransactionState())
          .isEqualTo(TransactionState.OPEN);
      connection.rollback();
    }
  }

  @Test
  void shouldNotLeaveATransactionBehind() throws SQLException {
    try (HeldLock held = heldBy(scene.database().owner());
        Connection connection = scene.database().connect()) {
      connection.setAutoCommit(false);

      assertThat(LockHolder.find(connection, held.key())).isPresent();

      assertThat(connection.unwrap(BaseConnection.class).getTransactionState())
          .isEqualTo(TransactionState.IDLE);
      assertThat(connection.getAutoCommit()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndASessionOfTheSameRole(boolean autoCommit) throws SQLException {
    Login login = scene.database().createLogin();
    HeldLock held = heldBy(login);
    try (Connection connection = scene.database().connect(login)) {
      connection.setAutoCommit(autoCommit);

      assertThat(findAs(login).terminate(connection)).isTrue();

      scene.probe().awaitNothingLeft();
    }
    held.close();
    assertThat(stage.events().of(Lost.class)).hasSize(1);
  }

  @Test
  void shouldNotEndASessionWithoutKnowingItsStart() throws SQLException {
    Login holding = scene.database().createLogin();
    Login other = scene.database().createLogin();
    try (HeldLock held = heldBy(holding);
        Connection connection = scene.database().connect(other)) {
      assertThat(findAs(other).terminate(connection)).isFalse();

      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  @Test
  void shouldNotEndALaterSessionWithTheSamePid() throws SQLException {
    try (HeldLock held = heldBy(scene.database().owner());
        Connection connection = scene.database().connect()) {
      LockHolder now = findAs(scene.database().owner());
      LockHolder before =
          new LockHolder(
              now.key(),
              new ServerSession(
                  now.session().pid(),
                  now.session().user(),
                  now.session().applicationName(),
                  now.session().clientAddress(),
                  now.session().connectedSince().minusNanos(1_000),
                  now.session().state(),
                  now.session().stateFor(),
                  now.session().query()));

      assertThat(before.terminate(connection)).isFalse();

      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  @Test
  void shouldNotEndASessionThatHoldsTheKeyNoLonger() throws SQLException {
    try (Connection pooled = stage.connect(true);
        Connection connection = scene.database().connect()) {
      HeldLock held = stage.lock(LockStage.ONCE).acquire(LockStage.borrowed(pooled));
      LockHolder holder = findAs(scene.database().owner());
      held.close();

      assertThat(holder.terminate(connection)).isFalse();

      assertThat(pooled.isValid(1)).isTrue();
    }
  }

  @Test
  void shouldSayThatARoleMayNotEndASession() throws SQLException {
    Login holding = scene.database().createLogin();
    Login other = scene.database().createLogin("GRANT pg_read_all_stats TO :role");
    try (HeldLock held = heldBy(holding);
        Connection connection = scene.database().connect(other)) {
      LockHolder holder = findAs(other);

      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> holder.terminate(connection))
          .returns("42501", SQLException::getSQLState);

      assertThat(scene.probe().holders(held.key().value())).hasSize(1);
    }
  }

  @Test
  void shouldShowAnAddressWithoutNetmask() throws SQLException {
    try (HeldLock held = heldBy(scene.database().owner());
        Connection connection = scene.database().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT host(inet_client_addr())")) {
      row.next();

      assertThat(LockHolder.find(connection, held.key()))
          .get()
          .returns(row.getString(1), seen -> seen.session().clientAddress());
      assertThat(findAs(scene.database().owner()).describe())
          .doesNotContainPattern(Pattern.compile("from [^ ]*/"));
    }
  }
}
