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
   * Opens a connection that is the caller's until it closes it.
   *
   * @return a connection that is not in a transaction
   * @throws SQLException if there is none to be had
   */
  Connection open() throws SQLException;
}
