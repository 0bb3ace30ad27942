package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks into pg_locks and pg_stat_activity of one database, so that a test observes a state instead
 * of guessing how long it takes to come about.
 */
final class LockProbe {
  private static final String LOCKS =
      """
      SELECT (l.classid::bigint << 32) | l.objid::bigint AS key, l.objsubid, l.mode, l.granted,
             coalesce(l.pid, 0) AS pid, coalesce(a.application_name, '') AS application_name
        FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory'
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       ORDER BY l.granted DESC, pid""";
  private static final String SESSIONS =
      """
      SELECT pid, usename, application_name, coalesce(state, '') AS state,
             backend_xmin IS NOT NULL AS snapshot,
             coalesce(wait_event_type || ':' || wait_event, '') AS wait_event,
             regexp_replace(query, '\\s+', ' ', 'g') AS query
        FROM pg_stat_activity
       WHERE datname = current_database() AND backend_type = 'client backend'
         AND application_name <> '%s'
       ORDER BY backend_start"""
          .formatted(Database.HARNESS);

  private final Database database;

  LockProbe(Database database) {
    this.database = database;
  }

  /** Every advisory lock of this database, held or waited for, whoever has it. */
  List<AdvisoryLockRow> advisoryLocks() {
    return database.list(
        LOCKS,
        row ->
            new AdvisoryLockRow(
                row.getLong("key"),
                row.getInt("objsubid") == 1,
                "ExclusiveLock".equals(row.getString("mode")),
                row.getBoolean("granted"),
                row.getInt("pid"),
                row.getString("application_name")));
  }

  /** Who holds {@code key} right now, exclusively or shared. */
  List<AdvisoryLockRow> holders(long key) {
    return advisoryLocks().stream()
        .filter(lock -> lock.key() == key && lock.bigint() && lock.granted())
        .toList();
  }

  /** Every client session in this database but those of the harness. */
  List<Session> sessions() {
    return database.list(
        SESSIONS,
        row ->
            new Session(
                row.getInt("pid"),
                row.getString("usename"),
                row.getString("application_name"),
                row.getString("state"),
                row.getBoolean("snapshot"),
                row.getString("wait_event"),
                row.getString("query")));
  }

  /**
   * Those of the sessions that are asked for, at a moment when none of them executes anything: a
   * heartbeat or a try may come at any time, and has a snapshot for as long as it lasts.
   */
  List<Session> resting(Predicate<Session> which) {
    List<Session> seen = new ArrayList<>();
    awaitUntil(
        () -> {
          seen.clear();
          sessions().stream().filter(which).forEach(seen::add);
          return seen.stream().noneMatch(session -> session.state().equals("active"));
        },
        "none of the sessions executes anything");
    return seen;
  }

  /** Waits until {@code condition} holds, or fails after a minute showing locks and sessions. */
  void awaitUntil(BooleanSupplier condition, String description) {
    Await.until(condition, description, this::dump);
  }

  /** Waits until no advisory lock is left and nobody but the harness is connected. */
  void awaitNothingLeft() {
    awaitUntil(
        () -> advisoryLocks().isEmpty() && sessions().isEmpty(),
        "no advisory lock and no session is left");
  }

  /** Both views, one row a line. */
  String dump() {
    return Stream.concat(advisoryLocks().stream(), sessions().stream())
        .map(Record::toString)
        .collect(Collectors.joining(System.lineSeparator()));
  }

  /**
   * A row of pg_locks.
   *
   * @param key rebuilt from classid and objid
   * @param bigint false for a lock that was taken with two int keys
   * @param pid 0 if it belongs to a prepared transaction
   */
  record AdvisoryLockRow(
      long key, boolean bigint, boolean exclusive, boolean granted, int pid, String application) {}

  /**
   * A row of pg_stat_activity.
   *
   * @param snapshot whether backend_xmin is set, which CREATE INDEX CONCURRENTLY waits for
   * @param waitEvent what it waits for, such as {@code Lock:advisory}; empty while it works
   */
  record Session(
      int pid,
      String user,
      String application,
      String state,
      boolean snapshot,
      String waitEvent,
      String query) {}
}
