/**
 * PostgreSQL advisory locks for jobs of which one may run at a time, such as schema migrations.
 *
 * <p>Start at {@link io.github.advisorylock.AdvisoryLock}.
 */
module io.github.advisorylock {
  requires transitive java.sql;
  requires static transitive org.jspecify;
  requires static org.postgresql.jdbc;

  exports io.github.advisorylock;
}
