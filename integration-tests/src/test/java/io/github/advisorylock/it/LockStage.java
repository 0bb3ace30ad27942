package io.github.advisorylock.it;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Locks and sessions of common-lock itself, on a scene's database and without either tool. */
final class LockStage {
  static final LockKey KEY = LockKey.named("stage");

  /** What the sessions call themselves. */
  static final String NAME = "it";

  /** Tries often, and long enough for any test. */
  static final RetryPolicy BUSY = policy(Duration.ofMinutes(1), Duration.ofMillis(5));

  /** Tries once, reports, and then does nothing until it is interrupted. */
  static final RetryPolicy ASLEEP = policy(RetryPolicy.NO_TIMEOUT, Duration.ofHours(1));

  /** Tries once. */
  static final RetryPolicy ONCE = policy(Duration.ZERO, Duration.ofMillis(1));

  private final Scene scene;
  private final Events events = new Events();

  LockStage(Scene scene) {
    this.scene = scene;
  }

  static RetryPolicy policy(Duration timeout, Duration pause) {
    return new RetryPolicy(timeout, RetryPolicy.UNLIMITED_ATTEMPTS, pause, Duration.ZERO, pause);
  }

  Events events() {
    return events;
  }

  AdvisoryLock lock(RetryPolicy retry) {
    return lock(KEY, retry);
  }

  AdvisoryLock lock(LockKey key, RetryPolicy retry) {
    return new AdvisoryLock(key, retry, events);
  }

  LockSession dedicated() {
    return dedicated(scene.database());
  }

  static LockSession dedicated(Database database) {
    return LockSession.dedicated(database.dataSource()::getConnection, NAME);
  }

  LockSession dedicated(Login login) {
    return LockSession.dedicated(
        () -> scene.database().dataSource().getConnection(login.user(), login.password()), NAME);
  }

  static LockSession borrowed(Connection connection) {
    return LockSession.borrowed(connection, NAME);
  }

  /** A connection as an application has it. */
  Connection connect(boolean autoCommit) throws SQLException {
    Connection connection = scene.database().dataSource().getConnection();
    connection.setAutoCommit(autoCommit);
    return connection;
  }

  /** The session that says that it waits, once it has nothing to do until its next try. */
  Session awaitWaiting() {
    return awaitIdle("it waits for ");
  }

  /** The same of so many: all have tried once more since they began to listen. */
  void awaitWaiting(int count) {
    scene.probe().awaitUntil(() -> idle("it waits for ").size() == count, count + " sessions wait");
  }

  /** The session that says that it holds. */
  Session awaitHolding() {
    return awaitIdle("it holds ");
  }

  private Session awaitIdle(String name) {
    List<Session> seen = new ArrayList<>();
    scene
        .probe()
        .awaitUntil(() -> seen.addAll(idle(name)), "a session has nothing to do and says " + name);
    return seen.get(0);
  }

  private List<Session> idle(String name) {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().startsWith(name))
        .filter(session -> session.state().startsWith("idle"))
        .toList();
  }

  boolean isFree(LockKey key) {
    return scene.probe().holders(key.value()).isEmpty();
  }

  static int pid(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select pg_backend_pid()");
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getInt(1);
    }
  }

  /** Everything that a session can set, what it is set to, and by what. */
  static Map<String, String> settings(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "select name, setting, reset_val, source from pg_settings");
        ResultSet row = statement.executeQuery()) {
      Map<String, String> settings = new TreeMap<>();
      while (row.next()) {
        settings.put(
            row.getString(1),
            "%s, by %s, after RESET %s"
                .formatted(row.getString(2), row.getString(4), row.getString(3)));
      }
      return settings;
    }
  }

  /** Remembers what a lock tells. */
  static final class Events implements LockListener {
    private final List<Record> all = new CopyOnWriteArrayList<>();

    <E extends Record> List<E> of(Class<E> type) {
      return all.stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Override
    public void onWaiting(Waiting event) {
      all.add(event);
    }

    @Override
    public void onAcquired(Acquired event) {
      all.add(event);
    }

    @Override
    public void onReleased(Released event) {
      all.add(event);
    }

    @Override
    public void onLost(Lost event) {
      all.add(event);
    }
  }
}
