package io.github.advisorylock;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session that works under the lock and waits for a lock of any kind.
 *
 * @param pid its backend's process id
 * @param statement what it executes; null if hidden
 * @param by who is in its way, at least one: who holds what it waits for, or waits before it
 */
record Blockage(int pid, @Nullable String statement, List<ServerSession> by) {

  Blockage {
    by = List.copyOf(by);
  }

  /** Whether another look saw the same, whatever those in its way were doing then. */
  boolean isSameAs(@Nullable Blockage other) {
    return other != null && pid == other.pid && pids().equals(other.pids());
  }

  private List<Integer> pids() {
    return by.stream().map(ServerSession::pid).sorted().toList();
  }
}
