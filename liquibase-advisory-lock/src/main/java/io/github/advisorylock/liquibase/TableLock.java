package io.github.advisorylock.liquibase;

/** What follows from a row in an old DATABASECHANGELOGLOCK table that says locked. */
enum TableLock {
  /** A warning, and nothing else. */
  WARN
}
