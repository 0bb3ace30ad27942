package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks, from the lock's own session and a thread of its own, who is in the way of the work: when a
 * statement has failed since it waited for too long, it does not wait any more, and nobody can tell
 * for whom it did. Safe for use by several threads.
 */
final class BlockageWatch {

  /** The last blockage, and when it was seen. */
  private record Sighting(Blockage blockage, Duration at) {}

  private final LockKey key;
  private final LockSession session;
  private final LockListener listener;
  private final Timing timing;
  private final Consumer<String> onLoss;
  private @Nullable RunWatch watch;
  private boolean stopped;
  private @Nullable Blockage told;
  private volatile @Nullable Sighting last;

  /**
   * A watch that does not look yet.
   *
   * @param onLoss is told why the lock's session has gone, which a server says only once
   */
  BlockageWatch(
      LockKey key,
      LockSession session,
      LockListener listener,
      Timing timing,
      Consumer<String> onLoss) {
    this.key = key;
    this.session = session;
    this.listener = listener;
    this.timing = timing;
    this.onLoss = onLoss;
  }

  /** Starts to look, where that is possible and of use; does nothing the second time. */
  synchronized void start() {
    if (watch == null && !stopped) {
      session
          .betweenLooks()
          .ifPresent(
              period ->
                  watch =
                      RunWatch.start(
                          "advisory-lock-blockages", period, period, this::look, () -> {}));
    }
  }

  /** Stops to look, and never starts again. */
  synchronized void stop() {
    stopped = true;
    if (watch != null) {
      watch.stop();
    }
  }

  /**
   * Looks once.
   *
   * @return whether it is of no use to look again
   */
  boolean look() {
    try {
      Blockage seen = session.blockage(key);
      if (seen != null) {
        last = new Sighting(seen, timing.now());
        if (!seen.isSameAs(told)) {
          listener.onBlocked(
              new LockListener.Blocked(key, seen.pid(), seen.statement(), seen.by()));
        }
      }
      told = seen;
      return false;
    } catch (SQLException e) {
      session.loss(key).ifPresent(later -> onLoss.accept(Text.of(e)));
      System.getLogger(BlockageWatch.class.getName())
          .log(System.Logger.Level.DEBUG, "Who is in the way of the work cannot be seen", e);
      return true;
    }
  }

  /** The last blockage, if it was seen no longer ago than that. */
  Optional<Blockage> seenWithin(Duration time) {
    return Optional.ofNullable(last)
        .filter(sighting -> timing.now().minus(sighting.at()).compareTo(time) <= 0)
        .map(Sighting::blockage);
  }
}
