/**
 * PostgreSQL advisory locks for jobs of which one may run at a time, such as schema migrations.
 *
 * <p>Start at {@link io.github.advisorylock.AdvisoryLock}.
 */
module io.github.advisorylock {
  requires transitive java.sql;
  requires static transitive org.jspecify;
  requires static org.postgresql.jdbc;
  requires static transitive spring.beans;
  requires static transitive spring.boot;
  requires static transitive spring.core;
  requires static jdk.jfr;
  requires static transitive micrometer.core;
  requires static spring.boot.actuator;
  requires static spring.boot.actuator.autoconfigure;
  requires static spring.boot.autoconfigure;
  requires static spring.context;

  exports io.github.advisorylock;
  exports io.github.advisorylock.spring;

  uses io.github.advisorylock.LockListener;
}
