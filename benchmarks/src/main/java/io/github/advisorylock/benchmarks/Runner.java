package io.github.advisorylock.benchmarks;

import java.sql.SQLException;

/** One that wants a lock, by the means of its contender. For one thread. */
interface Runner extends AutoCloseable {

  /** Waits for the lock as its contender does, holds it during the section, and lets go of it. */
  void hold(Section section) throws Exception;

  @Override
  void close() throws SQLException;

  /** What is done under the lock. */
  @FunctionalInterface
  interface Section {
    void run() throws Exception;
  }
}
