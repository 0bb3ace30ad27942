package io.github.advisorylock;

/** Among whom a migration is alone. */
public enum LockScope {
  /** One migration at a time in a database. */
  DATABASE,

  /** One migration at a time in a schema: the default schema is mixed into the key. */
  SCHEMA
}
