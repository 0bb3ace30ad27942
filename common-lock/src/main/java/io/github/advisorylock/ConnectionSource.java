package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Where a dedicated lock session gets its connections from, such as {@code
 * dataSource::getConnection}.
 */
@FunctionalInterface
public interface ConnectionSource {

  /**
   * Opens a connection that is the caller's alone until it closes it.
   *
   * @return a connection that is not in a transaction
   * @throws SQLException if there is none to be had
   */
  Connection open() throws SQLException;

  /**
   * The same source with a bound: its connections are opened on daemon threads, for at most ten
   * seconds, or what is left of the lock's timeout. A connection that arrives later is closed. For
   * sources that do not depend on the thread that calls them.
   *
   * @param source opens connections, on any thread
   * @return a source that fails with SQLSTATE 08001 where opening takes too long
   */
  static ConnectionSource bounded(ConnectionSource source) {
    return source instanceof BoundedSource ? source : new BoundedSource(source);
  }
}
