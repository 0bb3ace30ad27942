package io.github.advisorylock.it;

import java.util.List;
import java.util.Optional;

/**
 * What the runners of a round have written down about their work, and what the database says of it.
 *
 * <p>Whether two worked at once is asked when work begins, by the server and under a lock, so that
 * no overlap is missed however short it is: two stretches of work overlap exactly if one of them is
 * going on when the other begins. Going on means that its session is still there and either its end
 * was not written down or its transaction is still open. So a statement that goes on for a runner
 * that was killed counts, and so does the commit; and an interrupted record counts as over once its
 * session is. Whoever writes down a beginning when its session has gone already, because it was
 * frozen in between, begins nothing.
 */
final class Ledger {
  private static final String BEGIN_WORK =
      """
      CREATE FUNCTION harness.begin_work(
          its_version text, its_runner text, its_pid int, its_transaction timestamptz,
          OUT work bigint, OUT attempt int) LANGUAGE plpgsql AS $$
      DECLARE
        is_known boolean := false;
        session_start timestamptz;
      BEGIN
        LOCK TABLE harness.work IN EXCLUSIVE MODE;
        SELECT backend_start INTO session_start FROM pg_stat_activity WHERE pid = its_pid;
        IF to_regclass('public.flyway_schema_history') IS NOT NULL THEN
          EXECUTE 'SELECT EXISTS (SELECT FROM public.flyway_schema_history
                    WHERE version = $1 AND success)' INTO is_known USING its_version;
        ELSIF to_regclass('public.databasechangelog') IS NOT NULL THEN
          EXECUTE 'SELECT EXISTS (SELECT FROM public.databasechangelog
                    WHERE id = $1)' INTO is_known USING its_version;
        END IF;
        SELECT 1 + count(*) INTO attempt FROM harness.work w WHERE w.version = its_version;
        INSERT INTO harness.work (version, runner, pid, backend_start, xact_start, known, others)
        SELECT its_version, its_runner, its_pid,
               session_start, its_transaction, is_known AND session_start IS NOT NULL,
               (SELECT string_agg(
                         format('%s (version %s by %s: %s, begun %s, ended %s)', w.id, w.version,
                                w.runner, s.state, w.begun, w.ended), ', ')
                  FROM harness.work w JOIN pg_stat_activity s USING (pid, backend_start)
                 WHERE session_start IS NOT NULL AND w.pid <> its_pid
                   AND (w.ended IS NULL OR s.xact_start = w.xact_start))
        RETURNING id INTO work;
      END $$""";

  private final Database database;
  private final Tool tool;

  private Ledger(Database database, Tool tool) {
    this.database = database;
    this.tool = tool;
  }

  /** Creates it, before the first runner starts. */
  static Ledger open(Database database, Tool tool) {
    database.execute(
        "CREATE SCHEMA IF NOT EXISTS harness",
        "CREATE TABLE harness.work (id bigserial PRIMARY KEY, version text NOT NULL,"
            + " runner text NOT NULL, pid int NOT NULL, backend_start timestamptz,"
            + " xact_start timestamptz NOT NULL, begun timestamptz NOT NULL DEFAULT"
            + " clock_timestamp(), ended timestamptz, known boolean NOT NULL, others text)",
        "CREATE TABLE harness.applied (work bigint, version text, runner text)",
        BEGIN_WORK);
    return new Ledger(database, tool);
  }

  /** Work that began while other work was going on. */
  List<String> overlaps() {
    return database.list(
        "SELECT format('%s (version %s by %s) began at %s while at work: %s',"
            + " id, version, runner, begun, others) FROM harness.work WHERE others IS NOT NULL");
  }

  /** Work that began although the tool's history already had it. */
  List<String> begunAgain() {
    return database.list(
        "SELECT format('%s (version %s by %s) began at %s, when the history had it',"
            + " id, version, runner, begun) FROM harness.work WHERE known");
  }

  /** The versions whose work is in the database, one for each time it was committed. */
  List<String> applied() {
    return database.list("SELECT version FROM harness.applied ORDER BY version");
  }

  /** The same, as far as runners did it whose command ended well. */
  List<String> appliedBy(List<String> runners) {
    return database.list(
        "SELECT version FROM harness.applied WHERE runner IN ('%s') ORDER BY version"
            .formatted(String.join("', '", runners)));
  }

  /**
   * Work that was committed, and then again, although whoever did it had gone on to the next: it
   * was not interrupted before it could write its history.
   */
  List<String> appliedInVain() {
    return database.list(
        "SELECT format('%s (version %s by %s)', a.work, a.version, a.runner)"
            + " FROM harness.applied a"
            + " WHERE EXISTS (SELECT FROM harness.applied again"
            + " WHERE again.version = a.version AND again.work > a.work)"
            + " AND EXISTS (SELECT FROM harness.work next"
            + " WHERE next.runner = a.runner AND next.id > a.work)");
  }

  /** The versions in the tool's own history. */
  List<String> history() {
    return tool == Tool.FLYWAY
        ? database.list(
            "SELECT version FROM flyway_schema_history WHERE success AND version IS NOT NULL"
                + " ORDER BY version")
        : database.list("SELECT id FROM databasechangelog ORDER BY id");
  }

  /** Whether Flyway has noted a migration without a transaction as failed: it asks for a repair. */
  boolean needsRepair() {
    return tool == Tool.FLYWAY
        && database.count("SELECT count(*) FROM pg_class WHERE relname = 'flyway_schema_history'")
            > 0
        && database.count("SELECT count(*) FROM flyway_schema_history WHERE NOT success") > 0;
  }

  /** The session on which {@code runner} works, if it does. */
  Optional<Integer> workingSession(String runner) {
    return database
        .list(
            "SELECT w.pid FROM harness.work w JOIN pg_stat_activity s USING (pid, backend_start)"
                + " WHERE runner = '%s' ORDER BY id DESC LIMIT 1".formatted(runner),
            row -> row.getInt(1))
        .stream()
        .findFirst();
  }

  /** Whether anybody but {@code runner} has begun to work after {@code moment}. */
  boolean othersBegan(String runner, String moment) {
    return database.count(
            "SELECT count(*) FROM harness.work WHERE runner <> '%s' AND begun > '%s'"
                .formatted(runner, moment))
        > 0;
  }

  /** Milliseconds from {@code moment} to the next beginning by anybody but {@code runner}. */
  Optional<Long> millisToNext(String runner, String moment) {
    return database
        .list(
            "SELECT extract(epoch FROM begun - '%s'::timestamptz) * 1000 FROM harness.work"
                    .formatted(moment)
                + " WHERE runner <> '%s' AND begun > '%s' ORDER BY begun LIMIT 1"
                    .formatted(runner, moment),
            row -> row.getLong(1))
        .stream()
        .findFirst();
  }

  /** The server's clock. */
  String now() {
    return database.list("SELECT clock_timestamp()").get(0);
  }

  /** Everything, one row a line, for failure messages. */
  String dump() {
    return String.join(
        System.lineSeparator(), database.list("SELECT w::text FROM harness.work w ORDER BY id"));
  }
}
