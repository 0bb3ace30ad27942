package io.github.advisorylock;

import java.util.List;
import java.util.function.Consumer;

/** Keeps the failures of listeners away from the lock, and from each other. */
final class GuardedListener extends ForwardingListener {

  private final List<LockListener> guarded;

  GuardedListener(LockListener... guarded) {
    this(List.of(guarded));
  }

  /** They are told in this order. */
  GuardedListener(List<LockListener> guarded) {
    this.guarded = List.copyOf(guarded);
  }

  @Override
  protected void forward(Consumer<LockListener> event) {
    for (LockListener listener : guarded) {
      try {
        event.accept(listener);
      } catch (Throwable e) {
        System.getLogger(LockListener.class.getName())
            .log(System.Logger.Level.WARNING, "A lock listener failed; the lock goes on", e);
      }
    }
  }
}
