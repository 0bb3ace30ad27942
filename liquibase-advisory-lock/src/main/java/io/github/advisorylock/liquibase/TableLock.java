package io.github.advisorylock.liquibase;

/** What follows from a row in a DATABASECHANGELOGLOCK table that says locked. */
enum TableLock {
  /** A warning, and nothing else. */
  WARN,

  /**
   * It is waited for, and then taken, along with the advisory lock: for a time in which some
   * runners have advisory locks and some have not.
   */
  HONOUR
}
