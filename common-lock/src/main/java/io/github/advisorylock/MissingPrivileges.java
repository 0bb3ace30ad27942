package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;

/**
 * Functions and relations of the server that the lock's statements use and the role may not.
 *
 * @param grants what would grant each of them, by name
 */
record MissingPrivileges(Map<String, String> grants) {

  static final MissingPrivileges NONE = new MissingPrivileges(Map.of());

  MissingPrivileges {
    grants = Map.copyOf(grants);
  }

  /** A query that leaves out what it can do without. */
  @FunctionalInterface
  interface Query<T> {
    T run(MissingPrivileges missing) throws SQLException;
  }

  /**
   * Runs a query, and once more without what the role may not use if it fails for that reason. What
   * is missing is only asked for then.
   *
   * @param connection in autocommit mode
   */
  static <T> T doWithout(Connection connection, Query<T> query) throws SQLException {
    try {
      return query.run(NONE);
    } catch (SQLException e) {
      if (!SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        throw e;
      }
      return query.run(of(connection, e));
    }
  }

  /** What the role may not use, after a failure that this may be the reason of. */
  static MissingPrivileges of(Connection connection, SQLException failure) throws SQLException {
    MissingPrivileges missing = NONE;
    try {
      missing = LockSql.missingPrivileges(connection);
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
    if (missing.grants.isEmpty()) {
      throw failure;
    }
    return missing;
  }

  boolean has(String name) {
    return grants.containsKey(name);
  }

  boolean hasAnyOf(Set<String> names) {
    return names.stream().anyMatch(this::has);
  }

  String orElse(String name, String allowed, String missing) {
    return has(name) ? missing : allowed;
  }

  /** For people: the statements that grant all of them. */
  String toGrant() {
    return String.join("; ", grants.values());
  }
}
