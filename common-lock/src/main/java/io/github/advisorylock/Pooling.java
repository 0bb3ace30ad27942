package io.github.advisorylock;

/**
 * What stands between the client and the server, as far as the lock is concerned. A pooler such as
 * PgBouncer may hand each transaction, or each statement, to another session of the server, and a
 * session-level lock then stays behind in a session that nobody knows.
 */
public enum Pooling {
  /**
   * Find out: a direct connection was told the process id of its backend, a pooler makes numbers of
   * its own up. Which kind of pooler it is cannot be seen.
   */
  AUTO {
    @Override
    boolean keepsSession(boolean direct) {
      return direct;
    }
  },

  /** Trust that a client keeps its session, whatever is in between. */
  SESSION {
    @Override
    boolean keepsSession(boolean direct) {
      return true;
    }
  },

  /** Rely on nothing that outlives a transaction. */
  TRANSACTION {
    @Override
    boolean keepsSession(boolean direct) {
      return false;
    }
  };

  /** Whether what belongs to a session, such as its locks, may be relied upon. */
  abstract boolean keepsSession(boolean direct);
}
