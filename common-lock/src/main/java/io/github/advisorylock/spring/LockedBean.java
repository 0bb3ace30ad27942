package io.github.advisorylock.spring;

import io.github.advisorylock.LockKey;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * A bean that migrates a database under a lock, for whoever wants to know who has that lock. Safe
 * for use by several threads.
 */
public interface LockedBean {

  /**
   * Whether it takes a lock at all.
   *
   * @return false if the lock is not active
   * @throws io.github.advisorylock.LockConfigurationException if a setting cannot be used
   */
  boolean isLocked();

  /**
   * Connects to the database that it migrates, in the way in which it does so itself.
   *
   * @return a connection that is the caller's to close
   * @throws SQLException if there is none to be had
   */
  Connection connect() throws SQLException;

  /**
   * The locks that it takes.
   *
   * @param connection one of {@link #connect}
   * @return one key; with scope schema, one for each schema that it migrates; none if it is not
   *     locked
   * @throws SQLException if the connection cannot be asked for its schema
   */
  List<LockKey> keys(Connection connection) throws SQLException;
}
