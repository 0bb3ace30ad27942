package io.github.advisorylock.spring;

import io.github.advisorylock.LockKey;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A bean that connects as a test says, and counts how often. */
class FakeBean implements LockedBean {

  private final AtomicInteger attempts = new AtomicInteger();
  private final Attempt attempt;

  /** What it does to connect. */
  interface Attempt {
    Connection connect() throws Exception;
  }

  FakeBean(Attempt attempt) {
    this.attempt = attempt;
  }

  FakeBean(String failure) {
    this(
        () -> {
          throw new SQLException(failure, "08006");
        });
  }

  @Override
  public boolean isLocked() {
    return true;
  }

  @Override
  public Connection connect() throws SQLException {
    attempts.incrementAndGet();
    try {
      return attempt.connect();
    } catch (SQLException | RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      throw new SQLException("interrupted", e);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public List<LockKey> keys(Connection connection) throws SQLException {
    throw new SQLException("the schema is hidden", "42501");
  }

  int attempts() {
    return attempts.get();
  }
}
