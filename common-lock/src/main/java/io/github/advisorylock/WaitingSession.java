package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@link AdvisoryLock} waits with until a lock is free, whether it takes it or not. */
abstract class WaitingSession {

  /**
   * Makes the session ready for tries; does nothing if it is.
   *
   * @param opening how a connection is opened
   * @throws SQLException if that fails
   * @throws LockUnavailableException if no lock could be relied upon here
   */
  abstract void open(LockKey key, Opening opening) throws SQLException;

  /**
   * Tries once, without waiting, and believes a yes only when pg_locks shows the lock.
   *
   * @throws LockUnavailableException if the server says yes but shows no such lock
   */
  abstract boolean tryLock(LockKey key) throws SQLException;

  /**
   * After a failed try: makes the session ready for a wait, and starts to listen for the release
   * where that is possible; does nothing if it is ready.
   *
   * @param longestPause between two tries: for so long the session will be silent
   * @return whether it has just begun to listen. The lock may have been released before: try again
   */
  abstract boolean startWaiting(LockKey key, Duration longestPause) throws SQLException;

  /**
   * How many sessions listened for the release when this one began to, itself included; zero if it
   * does not, and so cannot be woken up.
   */
  abstract int listeners();

  /**
   * While it listens: waits until it is told of a release, or for so long.
   *
   * @throws InterruptedException if the thread is interrupted, before or meanwhile
   */
  abstract void awaitRelease(Duration atMost, Timing timing) throws InterruptedException;

  /**
   * Whether the attempt to come was caused by a notification of a session that is not known to hold
   * the lock: any role may send one.
   */
  abstract boolean isWokenUpUnverified();

  /**
   * After a successful try: who still works for an earlier holder that has lost the lock; null if
   * nobody does. One that has stopped in the middle of its work is ended.
   */
  abstract @Nullable LockHolder orphan(LockKey key) throws SQLException;

  /** The wait is over: a session that belongs to somebody else is its owner's again. */
  abstract void startHolding() throws SQLException;

  /** Says in {@code application_name} that this session waits. */
  abstract void announceWaiting(LockKey key) throws SQLException;

  /** Who holds the key; null if nobody does any more. */
  abstract @Nullable LockHolder holder(LockKey key) throws SQLException;

  /**
   * After a failed try: whether {@link #open} may find a fresh session on which the next succeeds.
   */
  abstract boolean canStartAfresh(SQLException failure);

  /**
   * Lets go of the key if it was taken, brings everything back that was changed, and closes what
   * was opened. Never throws.
   *
   * @return what went wrong, if the key was taken and its release could not be confirmed
   */
  abstract Optional<String> giveBack(LockKey key);
}
