package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;

/** What a CREATE INDEX CONCURRENTLY, or anything else of that kind, waits for. */
public final class Snapshots {

  private Snapshots() {}

  /**
   * Drops the snapshot that an earlier statement has left behind in an open transaction. Works at
   * READ COMMITTED, PostgreSQL's default, and does nothing to a stricter one, nor where no
   * transaction is open. Whatever the transaction holds, it goes on holding.
   *
   * @param idle a connection that executes nothing at the moment
   * @throws SQLException if the server cannot be asked; the transaction has failed then
   */
  public static void dropFrom(Connection idle) throws SQLException {
    if (AutoCommit.isInTransaction(idle)) {
      LockSql.dropSnapshot(idle);
    }
  }
}
