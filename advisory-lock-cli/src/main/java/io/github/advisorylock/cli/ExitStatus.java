package io.github.advisorylock.cli;

/** What scripts can tell from the end of the program; {@code --help} and the manual list them. */
final class ExitStatus {

  /** The lock is free, or what was asked for is done. */
  static final int FREE = 0;

  /** Somebody holds the lock or works under it. */
  static final int HELD = 1;

  /** The command line cannot be used; picocli has the same. */
  static final int USAGE = 2;

  /** The wait was over before the lock was free. */
  static final int TIMEOUT = 3;

  /** It cannot be found out or done: no connection, no PostgreSQL, no privilege. */
  static final int CANNOT = 4;

  private ExitStatus() {}
}
