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

  private final String facts;
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
    this(
        summary(key, holder, attempts, waited, lastFailure),
        lastFailure == null ? facts(key, holder) : "",
        key,
        holder,
        attempts,
        waited,
        lastFailure);
  }

  private LockTimeoutException(
      String summary,
      String facts,
      LockKey key,
      @Nullable LockHolder holder,
      int attempts,
      Duration waited,
      @Nullable Throwable cause) {
    super(summary, facts, cause);
    this.facts = facts;
    this.key = key;
    this.holder = holder;
    this.attempts = attempts;
    this.waited = waited;
  }

  private static String summary(
      LockKey key,
      @Nullable LockHolder holder,
      int attempts,
      Duration waited,
      @Nullable SQLException lastFailure) {
    String reason =
        lastFailure == null ? Text.brieflyHeldBy(holder, key) : Text.lastTryFailed(lastFailure);
    return Text.lines(
        "Gave up on the advisory lock %s (%s): %s"
            .formatted(key, Text.triesAndTime(attempts, waited), reason),
        lastFailure == null ? remedy(holder) : "");
  }

  private static String remedy(@Nullable LockHolder holder) {
    String remedy = "Let the holder finish, or wait longer.";
    String ownRun = Text.ownRun(holder);
    if (!ownRun.isEmpty()) { // the end of that session would be the end of this run
      return ownRun + ". " + remedy;
    }
    return holder == null || holder.session().isPreparedTransaction()
        ? remedy
        : remedy + " To end it, if it is stuck: " + holder.endStatement();
  }

  private static String facts(LockKey key, @Nullable LockHolder holder) {
    return Text.lines(
        holder == null ? "" : "Session: " + holder.describe(),
        "To look: " + LockSql.showHolder(holder == null ? key : holder.key()));
  }

  @Override
  LockException factsOnly() {
    if (facts.isEmpty()) {
      return this;
    }
    LockException copy =
        new LockTimeoutException("", facts, key, holder, attempts, waited, getCause());
    copy.setStackTrace(getStackTrace());
    return copy;
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
