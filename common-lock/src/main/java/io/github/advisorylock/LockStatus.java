package io.github.advisorylock;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A lock at one moment, as somebody sees it who wants nothing from it. Immutable.
 *
 * @param key the key
 * @param holders who holds it; more than one only if somebody shares it for a purpose of their own
 * @param workers who works under it, or still works for a holder that has lost it; Liquibase, whose
 *     holder works itself, has none
 * @param waiters who waits for it and listens, or says so in its {@code application_name}; behind a
 *     transaction pooler nobody does either. A name longer than twenty characters is cut there, and
 *     who does not listen then shows with every key whose name begins alike
 */
public record LockStatus(
    LockKey key, List<LockHolder> holders, List<LockHolder> workers, List<LockHolder> waiters) {

  /**
   * A status.
   *
   * @param key the key
   * @param holders who holds it
   * @param workers who works under it
   * @param waiters who waits for it
   */
  public LockStatus {
    holders = List.copyOf(holders);
    workers = List.copyOf(workers);
    waiters = List.copyOf(waiters);
  }

  /**
   * Looks at a lock in the connection's database.
   *
   * @param connection any connection to that database; a transaction that is open on it stays open,
   *     otherwise none is left
   * @param key the key
   * @return who has to do with it
   * @throws SQLException if the server cannot be asked, or with SQLSTATE 42501 if the role may not
   *     read {@code pg_locks} or {@code pg_stat_activity}
   * @throws LockUnavailableException if the server is not PostgreSQL, or is a standby
   */
  public static LockStatus find(Connection connection, LockKey key) throws SQLException {
    refuseUnlessPrimary(connection);
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      return LockSql.status(scope.connection(), key);
    }
  }

  /**
   * Looks at every lock in the connection's database that some session says in its {@code
   * application_name} it holds or waits for.
   *
   * @param connection like {@link #find}'s
   * @return one status for each key; the key has the name that a session gives it, unless several
   *     keys go by that name
   * @throws SQLException like {@link #find}
   * @throws LockUnavailableException like {@link #find}
   */
  public static List<LockStatus> findAll(Connection connection) throws SQLException {
    refuseUnlessPrimary(connection);
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      List<LockStatus> all = new ArrayList<>();
      for (LockKey key : keysIn(LockSql.namedKeys(scope.connection()))) {
        all.add(LockSql.status(scope.connection(), key));
      }
      return all;
    }
  }

  private static List<LockKey> keysIn(List<LockSql.NamedKey> seen) {
    Map<Long, String> names = new LinkedHashMap<>();
    for (LockSql.NamedKey one : seen) {
      long value = one.held() ? one.value() : LockKey.ofWaiting(one.value());
      SessionName.keyNameIn(one.applicationName())
          .ifPresent(name -> names.putIfAbsent(value, name));
    }
    Map<String, Long> keysOfName =
        names.values().stream().collect(groupingBy(name -> name, counting()));
    List<LockKey> keys = new ArrayList<>();
    names.forEach(
        (value, name) ->
            keys.add(
                Long.valueOf(1).equals(keysOfName.get(name)) || LockKey.named(name).value() == value
                    ? new LockKey(value, name)
                    : LockKey.of(value)));
    return keys;
  }

  static void refuseUnlessPrimary(Connection connection) throws SQLException {
    if (!Endpoint.of(connection).postgreSql()) {
      throw new LockUnavailableException("the server is not PostgreSQL");
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(connection)) {
      if (LockSql.isStandby(scope.connection())) {
        throw new LockUnavailableException(LockUnavailableException.STANDBY);
      }
    }
  }

  /**
   * Whether nobody is in the way of somebody who tries for the lock now.
   *
   * @return true if nobody holds it and nobody works under it, prepared transactions included,
   *     although {@link AdvisoryLock#acquire} does not wait for those
   */
  public boolean isFree() {
    return holders.isEmpty() && workers.isEmpty();
  }
}
