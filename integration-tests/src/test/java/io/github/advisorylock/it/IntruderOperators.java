package io.github.advisorylock.it;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Operators that a role without other privileges has created in the schema public, for each pair of
 * the types and each operator name that statements of the lock or the tools use. Each does what the
 * one of pg_catalog does, and the server counts its calls, those of failed transactions included.
 */
final class IntruderOperators {

  private static final String NAMES = "= <> < <= > >= || - + & | # << >> ~ !~ ~~ !~~";

  private static final String TYPES =
      "bool int2 int4 int8 oid xid name text varchar \"char\" bytea timestamptz interval float8"
          + " numeric regtype regclass regnamespace bit text[]";

  /** As the role that executes it. The functions are in PL/pgSQL: one in SQL may be inlined. */
  private static final String CREATE =
      """
      DO $do$
      DECLARE
        o text; l text; r text; result text; n int := 0; body text;
      BEGIN
        SET LOCAL check_function_bodies = off;
        FOREACH o IN ARRAY string_to_array($names$%s$names$, ' ') LOOP
          FOREACH l IN ARRAY string_to_array($types$%s$types$, ' ') LOOP
            FOREACH r IN ARRAY string_to_array($types$%s$types$, ' ') LOOP
              n := n + 1;
              SELECT p.oprresult::regtype::text INTO result FROM pg_operator p
               WHERE p.oprname = o AND p.oprnamespace = 'pg_catalog'::regnamespace
                 AND p.oprleft = l::regtype AND p.oprright = r::regtype;
              body := format('BEGIN RETURN $1 OPERATOR(pg_catalog.%%s) $2; END', o);
              IF result IS NULL THEN
                result := CASE WHEN o IN ('||', '-', '+', '&', '|', '#', '<<', '>>')
                               THEN l ELSE 'bool' END;
                IF o = '||' THEN
                  result := 'text';
                  body := 'BEGIN RETURN pg_catalog.concat($1, $2); END';
                END IF;
              END IF;
              EXECUTE format('CREATE FUNCTION public.intruder_%%s(%%s, %%s) RETURNS %%s'
                             ' LANGUAGE plpgsql AS %%L', n, l, r, result, body);
              EXECUTE format('CREATE OPERATOR public.%%s (LEFTARG = %%s, RIGHTARG = %%s,'
                             ' FUNCTION = public.intruder_%%s)', o, l, r, n);
            END LOOP;
          END LOOP;
        END LOOP;
      END $do$
      """
          .formatted(NAMES, TYPES, TYPES);

  private static final String CALLED =
      """
      SELECT format('%s %s %s', o.oprleft::pg_catalog.regtype, o.oprname,
                    o.oprright::pg_catalog.regtype)
        FROM pg_catalog.pg_stat_user_functions f
        JOIN pg_catalog.pg_operator o ON o.oprcode = f.funcid
       WHERE f.calls > 0 ORDER BY 1""";

  private final Database database;
  private final LockProbe probe;

  private IntruderOperators(Database database) {
    this.database = database;
    this.probe = new LockProbe(database);
  }

  /** Creates them; the harness's own sessions never see them. */
  static IntruderOperators in(Database database) {
    database.execute(
        "ALTER DATABASE %s SET track_functions = 'all'".formatted(database.name()),
        "ALTER ROLE %s IN DATABASE %s SET search_path = pg_catalog"
            .formatted(database.user(), database.name()));
    database.reconnect();
    Login intruder = database.createLogin("GRANT USAGE, CREATE ON SCHEMA public TO :role");
    database.execute("SET ROLE " + intruder.user(), CREATE, "RESET ROLE");
    return new IntruderOperators(database);
  }

  /** Those that were called since this was asked last, once all sessions have ended. */
  Set<String> takeCalled() {
    probe.awaitNothingLeft();
    List<String> called = database.list(CALLED);
    database.execute("SELECT pg_stat_reset()");
    return new TreeSet<>(called);
  }

  /** How many there are. */
  long count() {
    return database.count(
        "SELECT count(*) FROM pg_catalog.pg_operator"
            + " WHERE oprnamespace = 'public'::pg_catalog.regnamespace");
  }
}
