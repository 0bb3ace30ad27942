package io.github.advisorylock.liquibase;

import liquibase.exception.LockException;

/** The row of Liquibase's own lock did not become free in time. */
final class TableLockedException extends LockException {

  private static final long serialVersionUID = 1L;

  TableLockedException(String message) {
    super(message);
  }
}
