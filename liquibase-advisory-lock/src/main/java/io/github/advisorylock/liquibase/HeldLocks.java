package io.github.advisorylock.liquibase;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockListeners;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.LockTimeoutException;
import io.github.advisorylock.LockUnavailableException;
import io.github.advisorylock.LogLines;
import io.github.advisorylock.RetryPolicy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LiquibaseException;
import liquibase.exception.LockException;
import liquibase.logging.Logger;

/**
 * The locks of all runs of Liquibase in this JVM. Safe for use by several threads.
 *
 * <p>Static, because Liquibase throws its lock services away whenever a command ends, on whatever
 * thread, and asks new ones to release what the old ones took. An entry goes with its release, at
 * the latest when its connection is closed.
 */
final class HeldLocks {

  static final String APPLICATION = "liquibase";

  private static final List<RunLock> HELD = new CopyOnWriteArrayList<>();

  private HeldLocks() {}

  /** Whether what happens on this connection happens under a lock. */
  static boolean isHeldOn(Connection connection) {
    return HELD.stream().anyMatch(lock -> lock.isOn(connection));
  }

  /**
   * Takes the lock for what the current thread does on Liquibase's connection, unless it is taken.
   * An open transaction is ended before, as {@code step} says.
   *
   * @return the lock; empty if the connection is under it already
   * @throws LockException with the core's message, if it is not to be had
   */
  static Optional<RunLock> acquire(
      Database database, LiquibaseSettings settings, RetryPolicy retry, LockedStep step)
      throws LockException {
    Connection connection = Databases.connectionOf(database);
    LockKey key = settings.keyFor(database);
    int depth = RunningCommands.depth();
    endAll(lock -> lock.isOfThisThread() && lock.isFrom(depth + 1)); // their commands are over
    if (HELD.stream().anyMatch(lock -> lock.isOn(connection) && lock.key().equals(key))) {
      return Optional.empty();
    }
    Logger log = Scope.getCurrentScope().getLog(AdvisoryLockService.class);
    Optional<RunLock> outer = outerRun(connection, key, depth);
    try {
      if (!isHeldOn(connection)) { // else the outer run's transaction is none of our business
        step.beforeLock(database);
      }
      if (outer.isPresent()) {
        log.fine("The advisory lock " + key + " is held by the run that this one is part of");
        return Optional.of(
            working(outer.get().forRunWithin(database, connection, step, log), settings));
      }
      HeldLock held =
          new AdvisoryLock(key, retry, listener(settings, retry))
              .acquire(session(connection, settings.lock()));
      RunLock taken = RunLock.taken(database, connection, key, held, step, log);
      return Optional.of(
          settings.lock().connection() == null ? add(taken) : working(taken, settings));
    } catch (io.github.advisorylock.LockException e) {
      throw e.wrappedIn(LockException::new);
    } catch (DatabaseException e) {
      throw new LockException(
          "The connection cannot be prepared for the advisory lock %s: %s"
              .formatted(key, LogLines.oneLine(e.getMessage())),
          e);
    }
  }

  /** Whether {@link #acquire} failed since the lock did not become free in time. */
  static boolean isHeldByOther(LiquibaseException failure) {
    return (failure.getCause() instanceof LockTimeoutException timeout
            && timeout.getCause() == null)
        || failure instanceof TableLockedException;
  }

  /** Whether a later {@link #acquire} may succeed: the lock is held, or no server was reached. */
  static boolean mayPass(LiquibaseException failure) {
    return isHeldByOther(failure)
        || (failure.getCause() instanceof LockUnavailableException
            && failure.getCause().getCause() instanceof SQLException reason
            && String.valueOf(reason.getSQLState()).matches("08...|53300"));
  }

  private static LockListener listener(LiquibaseSettings settings, RetryPolicy retry) {
    LockListener all =
        LockListeners.forTool(APPLICATION, ReleaseOutcome.around(Messages.logLines()));
    return retry.equals(settings.lock().retry()) ? all : new OnlyATry(all);
  }

  private static LockSession session(Connection connection, LockSettings settings) {
    ConnectionSettings own = settings.connection();
    return own == null
        ? LockSession.borrowed(connection, APPLICATION, settings.session())
        : LockSession.dedicated(own, APPLICATION, settings.session());
  }

  /** Where the lock is on another session, Liquibase's says that it works under it. */
  private static RunLock working(RunLock lock, LiquibaseSettings settings) throws LockException {
    add(lock);
    boolean prepared = false;
    try {
      lock.startWork(settings.lock().session().pooling());
      prepared = true;
      return lock;
    } catch (SQLException | io.github.advisorylock.LockException e) {
      throw new LockException(e.getMessage(), e);
    } finally {
      if (!prepared) {
        end(lock);
      }
    }
  }

  /**
   * Stops a run whose lock is lost; does nothing on a connection that is not under one.
   *
   * @throws DatabaseException with the core's message, if it is
   */
  static void verify(Connection connection) throws DatabaseException {
    forEachOn(connection, RunLock::verify);
  }

  /**
   * Sets the timeouts for the transaction that a statement is about to be executed in, where they
   * are not set for the session; does nothing on a connection that is not under a lock.
   */
  static void boundTransaction(Connection connection) throws DatabaseException {
    forEachOn(connection, RunLock::boundTransaction);
  }

  /** Sees to it that no timeout ends what is written into the history next. */
  static void suspendTimeouts(Connection connection) throws DatabaseException {
    forEachOn(connection, RunLock::suspendTimeouts);
  }

  /** That has been written. */
  static void resumeTimeouts(Connection connection) throws DatabaseException {
    forEachOn(connection, RunLock::resumeTimeouts);
  }

  /** Something to do for a lock. */
  @FunctionalInterface
  private interface Action {
    void accept(RunLock lock) throws SQLException;
  }

  private static void forEachOn(Connection connection, Action action) throws DatabaseException {
    for (RunLock lock : HELD) {
      if (lock.isOn(connection)) {
        try {
          action.accept(lock);
        } catch (SQLException | io.github.advisorylock.LockException e) {
          throw new DatabaseException(e.getMessage(), e);
        }
      }
    }
  }

  /** The failure of a statement, with more to read if one of the timeouts has ended it. */
  static DatabaseException explained(DatabaseException failure, Connection connection) {
    String state = sqlStateOf(failure);
    String message = String.valueOf(failure.getMessage());
    return HELD.stream()
        .filter(lock -> lock.isOn(connection))
        .flatMap(lock -> lock.explain(state, message).stream())
        .findFirst()
        .map(explanation -> new DatabaseException(message + ". " + explanation, failure.getCause()))
        .orElse(failure);
  }

  private static String sqlStateOf(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }

  /**
   * The lock of a command that this one is within, if that has the key on another connection to the
   * same database: a change that runs Liquibase on a connection of its own would wait for itself.
   */
  private static Optional<RunLock> outerRun(Connection connection, LockKey key, int depth) {
    return HELD.stream()
        .filter(lock -> lock.isOfThisThread() && lock.isOfCommandAround(depth))
        .filter(lock -> lock.key().equals(key))
        .filter(outer -> isSameHolder(outer.connection(), connection, key))
        .findFirst();
  }

  private static boolean isSameHolder(Connection outer, Connection inner, LockKey key) {
    try {
      Optional<LockHolder> seenFromOutside = LockHolder.find(outer, key);
      Optional<LockHolder> seenFromInside = LockHolder.find(inner, key);
      return seenFromOutside.isPresent()
          && seenFromOutside.get().session().connectedSince() != null
          && seenFromInside.filter(seenFromOutside.get()::isSameSession).isPresent();
    } catch (SQLException e) {
      return false; // then the wait will say who holds it
    }
  }

  private static RunLock add(RunLock lock) {
    HELD.add(lock);
    boolean watched = false;
    try {
      lock.watch(() -> end(lock));
      watched = true;
    } finally {
      if (!watched) { // no more threads to be had
        end(lock);
      }
    }
    return lock;
  }

  /** Releases this lock, unless that has happened. */
  static void end(RunLock lock) {
    if (HELD.remove(lock)) {
      lock.end();
    }
  }

  /**
   * Releases what is held on the connection, but not what an outer command holds there: the end of
   * a command within a change is not the end of the change.
   */
  static void endOn(Connection connection) {
    int depth = RunningCommands.depth();
    endAll(lock -> lock.isOn(connection) && lock.isFrom(depth));
  }

  /**
   * Releases what is held on the connection for commands that are over, and what this thread has
   * taken outside of any. A run that is still at work keeps its lock, be it of another thread or
   * one that this call is part of.
   */
  static void endAbandonedOn(Connection connection) {
    int depth = RunningCommands.depthAroundForcedRelease();
    endAll(lock -> lock.isOn(connection) && !lock.isOfRunAtWork(depth));
  }

  /** Releases what is held on the connection, whoever took it. */
  static void endAllOn(Connection connection) {
    endAll(lock -> lock.isOn(connection));
  }

  /** Releases what the current thread's command holds: it ends. */
  static void endOfThisThread() {
    // Liquibase's facade tells so after its command has ended, when the outer one is the current.
    int depth = RunningCommands.depth() + (RunningCommands.hasFacadeEndedOne() ? 1 : 0);
    endAll(lock -> lock.isOfThisThread() && lock.isFrom(depth));
  }

  private static void endAll(Predicate<RunLock> which) {
    HELD.stream().filter(which).forEach(HeldLocks::end);
  }
}
