package io.github.advisorylock;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The locks that this copy of the library holds in this JVM, so that a run which waits for one of
 * them can report it: nothing that the server shows tells a process from its replica in another
 * container, where both may have the same process id. Safe for use by several threads.
 */
final class LocalLocks {

  private static final Set<HeldLock> HELD = ConcurrentHashMap.newKeySet();

  private LocalLocks() {}

  static void add(HeldLock held) {
    HELD.add(held);
  }

  static void remove(HeldLock held) {
    HELD.remove(held);
  }

  /** The lock whose session the server shows as this holder; empty if another process has it. */
  static Optional<HeldLock> find(LockHolder holder) {
    return HELD.stream().filter(held -> held.isSeenAs(holder)).findFirst();
  }
}
