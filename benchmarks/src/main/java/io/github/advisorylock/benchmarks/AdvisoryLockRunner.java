package io.github.advisorylock.benchmarks;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.demo.Server;
import java.sql.DriverManager;

/** Our lock by itself, on a session of its own, as the Flyway adapter holds it. */
final class AdvisoryLockRunner implements Runner {

  private static final AdvisoryLock LOCK =
      new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, LockListener.NONE);

  private final String url;
  private final SessionPolicy policy;

  private AdvisoryLockRunner(String url, SessionPolicy policy) {
    this.url = url;
    this.policy = policy;
  }

  static AdvisoryLockRunner withWakeUp(String url) {
    return new AdvisoryLockRunner(url, SessionPolicy.DEFAULT);
  }

  /** With nothing but the backoff between two tries. */
  static AdvisoryLockRunner withoutWakeUp(String url) {
    SessionPolicy as = SessionPolicy.DEFAULT;
    return new AdvisoryLockRunner(url, new SessionPolicy(as.pooling(), as.lease(), false));
  }

  @Override
  public void hold(Section section) throws Exception {
    LockSession session =
        LockSession.dedicated(
            () -> DriverManager.getConnection(url, Server.USER, ""), "bench", policy);
    HeldLock held = LOCK.acquire(session);
    try {
      section.run();
    } finally {
      held.close();
    }
  }

  @Override
  public void close() {
    // The session ends with the lock.
  }
}
