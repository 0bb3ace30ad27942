package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * This server, session or role cannot give a lock that can be relied upon, and waiting would not
 * change that; or the timeout passed and no attempt got an answer, as where the server is down.
 */
public final class LockUnavailableException extends LockException {

  private static final long serialVersionUID = 1L;

  static final String STANDBY =
      "the server is a read-only standby, and its locks are not those of its primary. Connect to"
          + " the primary, such as with targetServerType=primary";

  static final String ONE_SESSION =
      "the server gives several clients one session, and to a session it grants a lock that it holds"
          + " already. Use a PostgreSQL with a session for each connection, or set active=false and"
          + " run one migration at a time";

  private final @Nullable LockKey key;

  /** For somebody who only looks, perhaps at more than one key. */
  LockUnavailableException(String reason) {
    super("There are no advisory locks to be seen: " + reason, null);
    this.key = null;
  }

  LockUnavailableException(LockKey key, String reason, @Nullable Throwable cause) {
    super("There is no advisory lock %s to be had: %s".formatted(key, reason), cause);
    this.key = key;
  }

  /**
   * The key that was wanted.
   *
   * @return the key; empty if locks were only looked at, and perhaps more than one
   */
  public Optional<LockKey> key() {
    return Optional.ofNullable(key);
  }

  /** Some pools give null, although a DataSource must not. */
  static LockUnavailableException withoutConnection(LockKey key) {
    return new LockUnavailableException(
        key, "its data source gave null where it should have given a connection", null);
  }

  /** The role may not lock, unlock, or see the lock. */
  static LockUnavailableException without(
      LockKey key, MissingPrivileges missing, @Nullable SQLException failure) {
    return new LockUnavailableException(
        key,
        (failure == null ? "SQLSTATE 42501" : Text.of(failure))
            + ". The role lacks privileges that the lock needs: "
            + missing.toGrant(),
        failure);
  }

  /** Pools that have no connection left say so without an SQLSTATE, in words of their own. */
  static LockUnavailableException withoutFreeConnection(LockKey key, SQLException failure) {
    return new LockUnavailableException(
        key,
        Text.of(failure)
            + ". If the connection pool is exhausted: the lock needs one connection more than the"
            + " tool, so raise the pool's size",
        failure);
  }

  /** No attempt has got an answer, so it is unknown whether the lock is held. */
  static LockUnavailableException unreached(
      LockKey key, int attempts, Duration waited, SQLException failure) {
    return new LockUnavailableException(
        key,
        "no attempt reached the lock (%s): %s"
            .formatted(Text.triesAndTime(attempts, waited), Text.lastTryFailed(failure)),
        failure);
  }

  /** For a failure that would only come again, with what to do about it where that is known. */
  static LockUnavailableException because(LockKey key, SQLException failure) {
    return new LockUnavailableException(key, Text.of(failure) + advice(failure), failure);
  }

  private static String advice(SQLException failure) {
    return switch (SqlStates.of(failure)) {
      case SqlStates.INSUFFICIENT_PRIVILEGE ->
          ". The role lacks a privilege that the lock needs: "
              + Stream.of("pg_locks", "pg_stat_activity")
                  .filter(Text.of(failure)::contains)
                  .findFirst()
                  .map(view -> "grant select on pg_catalog." + view + " to it")
                  .orElse("grant it what the server names");
      case SqlStates.FEATURE_NOT_SUPPORTED ->
          ". If the server does not implement advisory locks, such as Amazon Aurora DSQL: set"
              + " active=false, and run one migration at a time";
      default -> "";
    };
  }
}
