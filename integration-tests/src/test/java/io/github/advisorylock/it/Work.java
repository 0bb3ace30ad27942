package io.github.advisorylock.it;

import java.time.Duration;
import java.util.List;

/**
 * What migrations write about themselves, so that the database itself says whether two of them ever
 * worked at once: a row for each stretch of work, with its begin and end.
 */
final class Work {
  /** For use in a migration: work begins in this session. */
  static final String BEGIN = begin("pg_backend_pid()");

  /** For use in a migration: the work of this session ends. */
  static final String END = end("pg_backend_pid()");

  /** Long enough for replicas that are let go together to meet, if nothing keeps them apart. */
  static final String TAKE_A_WHILE = "SELECT pg_sleep(0.2)";

  private static final String OVERLAPS =
      """
      SELECT format('%s worked from %s to %s, and %s from %s to %s',
                    a.pid, a.begun, a.ended, b.pid, b.begun, b.ended)
        FROM harness.work a JOIN harness.work b ON a.id < b.id
         AND a.begun <= coalesce(b.ended, b.begun) AND b.begun <= coalesce(a.ended, a.begun)""";

  private final Database database;

  /** Work begins of a worker with this number, whatever session a pooler gives it each time. */
  static String begin(String worker) {
    return "INSERT INTO harness.work (pid, begun) VALUES (%s, clock_timestamp())".formatted(worker);
  }

  /** The work of this worker ends. */
  static String end(String worker) {
    return "UPDATE harness.work SET ended = clock_timestamp() WHERE pid = %s AND ended IS NULL"
        .formatted(worker);
  }

  private Work(Database database) {
    this.database = database;
  }

  /** Creates the table, before the first replica starts. */
  static Work recordIn(Database database) {
    database.execute(
        "CREATE SCHEMA IF NOT EXISTS harness",
        "CREATE TABLE harness.work (id bigserial PRIMARY KEY, pid int NOT NULL,"
            + " begun timestamptz NOT NULL, ended timestamptz)",
        "GRANT USAGE ON SCHEMA harness TO public",
        "GRANT ALL ON ALL TABLES IN SCHEMA harness TO public",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA harness TO public");
    return new Work(database);
  }

  /** Every two stretches of work that overlap; work that failed counts as the moment it began. */
  List<String> overlaps() {
    return database.list(OVERLAPS);
  }

  /** How long after {@code moment}, by the server's clock, the first work began. */
  Duration beginSince(String moment) {
    return Duration.ofMillis(
        database.count(
            "SELECT extract(epoch FROM min(begun) - '%s'::timestamptz) * 1000 FROM harness.work"
                .formatted(moment)));
  }

  /** How often work was begun. */
  long begun() {
    return database.count("SELECT count(*) FROM harness.work");
  }

  /** How often work was ended. */
  long ended() {
    return database.count("SELECT count(*) FROM harness.work WHERE ended IS NOT NULL");
  }
}
