package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockListener.Released;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.RetryPolicy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** Waiters that would sleep for an hour get the lock all the same: they are woken up. */
@Timeout(120) // whoever is not woken up sleeps for longer than any build
@SuppressWarnings("try") // releasing before the end of the block is what is tested
class WakeUpIT {
  private static final int WAITERS = 20;
  private static final RetryPolicy ASLEEP =
      LockStage.policy(Duration.ofHours(9), Duration.ofHours(1));

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);
  private final ExecutorService executor = Executors.newCachedThreadPool();

  private enum Kind {
    DEDICATED,
    FROM_A_POOL,
    BORROWED
  }

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  private HikariDataSource pool() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(scene.database().dataSource());
    config.setMaximumPoolSize(1);
    return new HikariDataSource(config);
  }

  private HeldLock hold() {
    return stage.lock(LockStage.ONCE).acquire(stage.dedicated());
  }

  private Future<HeldLock> waitWith(Supplier<LockSession> session) {
    return executor.submit(() -> stage.lock(ASLEEP).acquire(session.get()));
  }

  private void awaitListening(int count) {
    scene
        .probe()
        .awaitUntil(() -> listeners().size() == count, count + " sessions wait to be woken up");
  }

  /** Tries that found the lock held, the one before the wait included. */
  private List<Integer> triesInVain() {
    return stage.events().of(Acquired.class).stream()
        .map(acquired -> acquired.attempts() - 1)
        .toList();
  }

  private List<LockProbe.AdvisoryLockRow> listeners() {
    return scene.probe().holders(LockStage.KEY.forWaiting().value());
  }

  private static List<String> channels(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_listening_channels()")) {
      List<String> channels = new ArrayList<>();
      while (row.next()) {
        channels.add(row.getString(1));
      }
      return channels;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldBeWokenUpAndLeaveNothingBehind(Kind kind) throws Exception {
    HeldLock first = hold();
    try (HikariDataSource pool = pool();
        Connection own = stage.connect(false)) {
      Future<HeldLock> waiter =
          waitWith(
              switch (kind) {
                case DEDICATED -> stage::dedicated;
                case FROM_A_POOL ->
                    () -> LockSession.dedicated(pool::getConnection, LockStage.NAME);
                case BORROWED -> () -> LockStage.borrowed(own);
              });
      awaitListening(1);
      first.close();

      waiter.get().close();

      assertThat(listeners()).isEmpty();
      for (Connection left : List.of(own, pool.getConnection())) {
        left.setAutoCommit(true);
        assertThat(channels(left)).isEmpty();
        assertThat(left.unwrap(PGConnection.class).getNotifications()).isEmpty();
        left.close();
      }
    }
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWakeOneAfterTheOther() throws Exception {
    HeldLock first = hold();
    List<Future<?>> waiters = new ArrayList<>();
    for (int i = 0; i < WAITERS; i++) {
      waiters.add(executor.submit(() -> stage.lock(ASLEEP).acquire(stage.dedicated()).close()));
    }
    stage.awaitWaiting(WAITERS);
    assertThat(listeners()).hasSize(WAITERS);
    first.close();

    for (Future<?> waiter : waiters) {
      waiter.get();
    }
    assertThat(triesInVain())
        .as("of the first holder, and of those who were woken up once, when it was their turn")
        .startsWith(0)
        .hasSize(1 + WAITERS)
        .endsWith(Collections.nCopies(WAITERS, 1).toArray(Integer[]::new));
    assertThat(stage.events().of(Released.class)).hasSize(WAITERS + 1);
    assertThat(stage.events().of(Lost.class)).isEmpty();
    scene.probe().awaitNothingLeft();
  }

  /** Whoever comes when the lock is just free may get it before the one that was woken up. */
  @Test
  void shouldForgetNobodyWhileOthersComeAndGo() throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(
          executor.submit(
              () -> {
                LockSession again = stage.dedicated();
                for (int round = 0; round < 50; round++) {
                  stage.lock(ASLEEP).acquire(again).close();
                }
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    assertThat(stage.events().of(Released.class)).hasSize(8 * 50);
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldNotNeedToBeWokenUp() throws Exception {
    HeldLock first = hold();
    int pid = scene.probe().holders(LockStage.KEY.value()).get(0).pid();
    Future<HeldLock> waiter =
        executor.submit(() -> stage.lock(LockStage.BUSY).acquire(stage.dedicated()));
    awaitListening(1);

    scene.database().execute("SELECT pg_terminate_backend(%d)".formatted(pid));

    waiter.get().close();
    first.close();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldLeaveTheNotificationsOfOthersToThem() throws Exception {
    HeldLock first = hold();
    try (Connection own = stage.connect(true);
        Statement statement = own.createStatement()) {
      statement.execute("LISTEN theirs");
      Future<HeldLock> waiter =
          executor.submit(() -> stage.lock(LockStage.BUSY).acquire(LockStage.borrowed(own)));
      stage.awaitWaiting();
      scene.database().execute("NOTIFY theirs");
      assertThat(listeners()).isEmpty();
      first.close();
      waiter.get().close();

      assertThat(channels(own)).containsExactly("theirs");
      assertThat(own.unwrap(PGConnection.class).getNotifications()).hasSize(1);
    }
    scene.probe().awaitNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pg_notify(text, text)", "pg_listening_channels()"})
  void shouldWaitAndReleaseWithoutTheRights(String function) throws Exception {
    scene.database().execute("REVOKE EXECUTE ON FUNCTION %s FROM public".formatted(function));
    Login login = scene.database().createLogin();
    HeldLock first = stage.lock(LockStage.ONCE).acquire(stage.dedicated(login));
    Future<HeldLock> waiter =
        executor.submit(() -> stage.lock(LockStage.BUSY).acquire(stage.dedicated(login)));
    stage.awaitWaiting();
    assertThat(listeners()).isEmpty();
    first.close();
    waiter.get().close();

    assertThat(stage.events().of(Lost.class)).isEmpty();
    scene.probe().awaitNothingLeft();
  }

  @Test
  void shouldWakeNobodyWhoWaitsForAnotherKey() throws Exception {
    LockKey other = LockKey.named("another");
    try (HeldLock ofOther = stage.lock(other, LockStage.ONCE).acquire(stage.dedicated())) {
      Future<HeldLock> waiter =
          executor.submit(() -> stage.lock(other, ASLEEP).acquire(stage.dedicated()));
      stage.awaitWaiting();
      assertThat(scene.probe().holders(other.forWaiting().value())).hasSize(1);
      for (int i = 0; i < WAITERS; i++) {
        hold().close();
      }

      assertThat(scene.probe().holders(other.forWaiting().value())).hasSize(1);
      ofOther.close();
      waiter.get().close();
    }
    assertThat(stage.events().of(Acquired.class).stream().filter(lock -> lock.key().equals(other)))
        .extracting(Acquired::attempts)
        .as("that of the holder, and of the waiter the one before and the one after its wake-up")
        .containsExactly(1, 2);
    scene.probe().awaitNothingLeft();
  }

  /** Any role may notify any channel. */
  @Test
  void shouldNotUseUpTheAttemptsWhenARoleWithoutRightsForgesNotifications() throws Exception {
    RetryPolicy twoAttempts =
        new RetryPolicy(
            Duration.ofHours(9), 2, Duration.ofHours(1), Duration.ZERO, Duration.ofHours(1));
    Login intruder = scene.database().createLogin();
    HeldLock first = hold();
    Future<HeldLock> waiter =
        executor.submit(() -> stage.lock(twoAttempts).acquire(stage.dedicated()));
    int pid = stage.awaitWaiting().pid();
    try (Connection forging = scene.database().connect(intruder);
        Statement statement = forging.createStatement()) {
      for (int i = 0; i < 200; i++) {
        statement.execute("NOTIFY advisory_lock_" + pid);
      }
    }
    stage.awaitWaiting();
    assertThat(waiter).as("it waits").isNotDone();
    first.close();

    waiter.get().close();
    assertThat(stage.events().of(Acquired.class))
        .extracting(Acquired::attempts)
        .containsExactly(1, 2);
    scene.probe().awaitNothingLeft();
  }
}
