package io.github.advisorylock.spring;

import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the endpoint answers. The names are those of the command's JSON where both say the same.
 * What others execute is not in it: an endpoint is seen by more people than a database's shell.
 *
 * @param beans each bean that migrates under a lock, by its name
 */
record LockReport(Map<String, Bean> beans) {

  /**
   * One bean.
   *
   * @param tool whose bean it is, such as {@code flyway}
   * @param locks the locks that it takes; null if they cannot be looked at
   * @param error why they cannot
   */
  record Bean(String tool, @Nullable List<Lock> locks, @Nullable String error) {

    static Bean of(String tool, List<LockStatus> seen) {
      return new Bean(tool, seen.stream().map(Lock::of).toList(), null);
    }

    static Bean failed(String tool, String error) {
      return new Bean(tool, null, error);
    }
  }

  /**
   * One lock.
   *
   * @param key as text, since not every reader of JSON keeps all digits of such a number
   */
  record Lock(
      String name,
      String key,
      boolean free,
      List<Session> holders,
      List<Session> workers,
      List<Session> waiters) {

    private static Lock of(LockStatus seen) {
      return new Lock(
          seen.key().name(),
          Long.toString(seen.key().value()),
          seen.isFree(),
          sessions(seen.holders()),
          sessions(seen.workers()),
          sessions(seen.waiters()));
    }

    private static List<Session> sessions(List<LockHolder> seen) {
      return seen.stream().map(Session::of).toList();
    }
  }

  /** One session; what is hidden is null. */
  record Session(
      @Nullable Integer pid,
      @Nullable String applicationName,
      @Nullable String role,
      @Nullable String clientAddress,
      @Nullable String connectedSince,
      @Nullable String state,
      @Nullable Double stateForSeconds) {

    private static Session of(LockHolder holder) {
      ServerSession seen = holder.session();
      return new Session(
          seen.pid() == 0 ? null : seen.pid(), // a prepared transaction
          nullIfEmpty(seen.applicationName()),
          nullIfEmpty(seen.user()),
          seen.clientAddress(),
          text(seen.connectedSince()),
          seen.state(),
          seconds(seen.stateFor()));
    }

    private static @Nullable String nullIfEmpty(String text) {
      return text.isEmpty() ? null : text;
    }

    private static @Nullable String text(@Nullable Instant time) {
      return time == null ? null : time.toString();
    }

    private static @Nullable Double seconds(@Nullable Duration duration) {
      return duration == null ? null : duration.toMillis() / 1_000.0;
    }
  }
}
