package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The lock did not become free within the time or the tries allowed: at least one of them found it
 * held. If each failed before, it is a {@link LockUnavailableException}.
 */
public final class LockTimeoutException extends LockException {

  private static final long serialVersionUID = 1L;

  private final LockKey key;
  private final @Nullable LockHolder holder;
  private final int attempts;
  private final Duration waited;

  LockTimeoutException(
      LockKey key,
      @Nullable LockHolder holder,
      int attempts,
      Duration waited,
      @Nullable SQLException lastFailure) {
    super(message(key, holder, attempts, waited, lastFailure), lastFailure);
    this.key = key;
    this.holder = holder;
    this.attempts = attempts;
    this.waited = waited;
  }

  private static String message(
      LockKey key,
      @Nullable LockHolder holder,
      int attempts,
      Duration waited,
      @Nullable SQLException lastFailure) {
    String what =
        "Gave up on the advisory lock %s (%s): "
            .formatted(key, Text.triesAndTime(attempts, waited));
    if (lastFailure != null) {
      return what + Text.lastTryFailed(lastFailure);
    }
    String toEnd =
        holder == null || LocalLocks.find(holder).isPresent() // whose end would be that of this run
            ? ""
            : " To end it, if it is stuck: " + LockSql.endHolder(holder.session().pid());
    return "%s%s. Let the holder finish, or wait longer. To look: %s%s"
        .formatted(
            what,
            Text.heldBy(holder, key),
            LockSql.showHolder(holder == null ? key : holder.key()),
            toEnd);
  }

  /**
   * The key that was wanted.
   *
   * @return the key
   */
  public LockKey key() {
    return key;
  }

  /**
   * Who held the lock when the wait ended.
   *
   * @return the holder; empty if it could not be seen
   */
  public Optional<LockHolder> holder() {
    return Optional.ofNullable(holder);
  }

  /**
   * How often it was tried.
   *
   * @return at least 1
   */
  public int attempts() {
    return attempts;
  }

  /**
   * How long the wait was.
   *
   * @return zero or more
   */
  public Duration waited() {
    return waited;
  }
}
