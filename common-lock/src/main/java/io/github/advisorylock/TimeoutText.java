package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells people why a statement of the work failed, if one of the timeouts has ended it.
 *
 * @see HeldLock#explain
 */
final class TimeoutText {

  private final LockSession session;
  private final BlockageWatch blockages;
  private final WorkTimeouts timeouts;

  TimeoutText(LockSession session, BlockageWatch blockages) {
    this.session = session;
    this.blockages = blockages;
    this.timeouts = session.timeouts();
  }

  Optional<String> explain(String sqlState, String statement) {
    if (sqlState.equals(SqlStates.LOCK_NOT_AVAILABLE) && timeouts.boundLocks()) {
      return Optional.of(
          timeout(LockSettings.LOCK_TIMEOUT, timeouts.lock()) + ". " + inTheWayOf(statement));
    }
    if (sqlState.equals(SqlStates.QUERY_CANCELED) && timeouts.boundStatements()) {
      return Optional.of(
          timeout(LockSettings.STATEMENT_TIMEOUT, timeouts.statement())
              + "; if it took less, somebody has cancelled it"
              + lastSeenInTheWay());
    }
    return Optional.empty();
  }

  private static String timeout(String name, @Nullable Duration timeout) {
    return name + " is " + (timeout == null ? "not set" : Text.of(timeout));
  }

  private String inTheWayOf(String statement) {
    return seenDuringTheWait()
        .map(blockage -> "It waited for " + Text.inTheWay(blockage.by()))
        .orElseGet(() -> suspectsOf(statement));
  }

  /** It has just ended, and was as long as the timeout. */
  private Optional<Blockage> seenDuringTheWait() {
    Duration timeout = timeouts.lock();
    return timeout == null ? Optional.empty() : blockages.seenWithin(timeout);
  }

  private String suspectsOf(String statement) {
    List<ServerSession> suspects = List.of();
    try {
      suspects = session.suspects(statement);
    } catch (SQLException | RuntimeException e) { // the latter from some pool's wrapper
      System.getLogger(TimeoutText.class.getName())
          .log(System.Logger.Level.DEBUG, "Who was in the way cannot be seen", e);
    }
    return suspects.isEmpty()
        ? "Whom it waited for was not seen"
        : "Whom it waited for was not seen; locks on what it names are held by "
            + Text.inTheWay(suspects);
  }

  /** See {@link HeldLock#explainUnknown}. */
  Optional<String> explainUnknown() {
    return seenAMomentAgo()
        .map(
            blockage ->
                "%s. A moment before, it waited for %s"
                    .formatted(
                        timeout(LockSettings.LOCK_TIMEOUT, timeouts.lock()),
                        Text.inTheWay(blockage.by())));
  }

  private String lastSeenInTheWay() {
    return seenAMomentAgo()
        .map(blockage -> ". In the end it waited for " + Text.inTheWay(blockage.by()))
        .orElse("");
  }

  /** A look may be late. */
  private Optional<Blockage> seenAMomentAgo() {
    return timeouts.betweenLooks().flatMap(pause -> blockages.seenWithin(pause.multipliedBy(2)));
  }
}
