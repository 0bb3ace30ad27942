package io.github.advisorylock;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A session that answers as it is told and remembers what it was asked. */
final class FakeSession extends LockSession {

  /** What a call of the session comes to. */
  @FunctionalInterface
  interface Answer<T> {
    T give() throws SQLException;
  }

  /** An SQLException, or one that need not be declared. */
  static <T> Answer<T> failing(Throwable failure) {
    return () -> {
      if (failure instanceof SQLException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      throw (RuntimeException) failure;
    };
  }

  private final Deque<Answer<Boolean>> tries = new ArrayDeque<>();
  private Answer<Boolean> everyFurtherTry = () -> false;
  private Answer<Boolean> open = () -> true;
  private Answer<Boolean> seeingHolder = () -> true;
  private Answer<Boolean> announcing = () -> true;
  private LockHolder holder;
  private boolean seen;
  private boolean startsAfresh = true;
  private Optional<String> problem = Optional.empty();

  private final Deque<Answer<LockHolder>> orphans = new ArrayDeque<>();
  private Answer<Boolean> startingToHold = () -> true;
  private int listeners;
  private boolean listening;
  private final List<Duration> awaited = new ArrayList<>();
  private Optional<Duration> heartbeat = Optional.empty();
  private volatile Optional<String> loss = Optional.empty();
  private WorkTimeouts timeouts = WorkTimeouts.NONE;
  private Optional<Duration> betweenLooks = Optional.empty();
  private volatile Answer<Blockage> blockage = () -> null;
  private Answer<List<ServerSession>> suspects = List::of;
  private final CountDownLatch untilThirdLook = new CountDownLatch(3);
  private volatile Thread looking;

  private int opened;
  private int tried;
  private int givenBack;
  private final CountDownLatch untilThirdBeat = new CountDownLatch(3);
  private volatile Thread asking;
  private final AtomicInteger askedForLoss = new AtomicInteger();
  private final List<Integer> announcedAfterTry = new ArrayList<>();
  private final List<SQLException> failures = new ArrayList<>();

  /** A session on which every try fails because somebody else holds the lock. */
  static FakeSession locked() {
    return new FakeSession();
  }

  /** A session that gets the lock with the given try. */
  static FakeSession lockedUntilTry(int attempt) {
    FakeSession session = new FakeSession();
    for (int i = 1; i < attempt; i++) {
      session.tries.add(() -> false);
    }
    session.everyFurtherTry = () -> true;
    return session;
  }

  /** A session that gets the lock at once. */
  static FakeSession free() {
    return lockedUntilTry(1);
  }

  /** What the next try that nothing was said about yet comes to. */
  FakeSession next(Answer<Boolean> answer) {
    tries.add(answer);
    return this;
  }

  FakeSession open(Answer<Boolean> answer) {
    open = answer;
    return this;
  }

  FakeSession holder(LockHolder seen) {
    holder = seen;
    return this;
  }

  /** Is the session that others see as the holder. */
  FakeSession seenByOthers() {
    seen = true;
    return this;
  }

  /** What the next look for orphans that nothing was said about yet comes to. */
  FakeSession orphan(Answer<LockHolder> answer) {
    orphans.add(answer);
    return this;
  }

  /** Can be woken up, and is one of so many that can. */
  FakeSession oneOfListeners(int count) {
    listeners = count;
    return this;
  }

  /** How long it was told to listen, again and again. */
  List<Duration> awaited() {
    return awaited;
  }

  FakeSession startingToHold(Answer<Boolean> answer) {
    startingToHold = answer;
    return this;
  }

  FakeSession heartbeat(Duration period) {
    heartbeat = Optional.of(period);
    return this;
  }

  FakeSession timeouts(WorkTimeouts forWork) {
    timeouts = forWork;
    return this;
  }

  FakeSession betweenLooks(Duration pause) {
    betweenLooks = Optional.of(pause);
    return this;
  }

  FakeSession blockage(Answer<Blockage> answer) {
    blockage = answer;
    return this;
  }

  FakeSession suspects(Answer<List<ServerSession>> answer) {
    suspects = answer;
    return this;
  }

  boolean awaitThirdLook() throws InterruptedException {
    return untilThirdLook.await(60, TimeUnit.SECONDS);
  }

  /** Whether the thread that looked last ends. */
  boolean looksHaveEnded() throws InterruptedException {
    looking.join(60_000);
    return !looking.isAlive();
  }

  FakeSession lost(String reason) {
    loss = Optional.of(reason);
    return this;
  }

  FakeSession seeingHolder(Answer<Boolean> answer) {
    seeingHolder = answer;
    return this;
  }

  FakeSession announcing(Answer<Boolean> answer) {
    announcing = answer;
    return this;
  }

  FakeSession neverStartsAfresh() {
    startsAfresh = false;
    return this;
  }

  FakeSession problemAtRelease(String reason) {
    problem = Optional.of(reason);
    return this;
  }

  int opened() {
    return opened;
  }

  int tried() {
    return tried;
  }

  int askedForLoss() {
    return askedForLoss.get();
  }

  boolean awaitThirdBeat() throws InterruptedException {
    return untilThirdBeat.await(60, TimeUnit.SECONDS);
  }

  /** Returns when the thread that asks has to wait for another one, or has ended. */
  void awaitStandstillOfHeartbeat() {
    Set<Thread.State> still = Set.of(Thread.State.BLOCKED, Thread.State.TERMINATED);
    while (asking == null || !still.contains(asking.getState())) {
      if (Thread.currentThread().isInterrupted()) {
        throw new AssertionError("Nobody asks");
      }
      Thread.onSpinWait();
    }
  }

  /** Whether the thread that asked last ends. */
  boolean heartbeatHasEnded() throws InterruptedException {
    asking.join(60_000);
    return !asking.isAlive();
  }

  int givenBack() {
    return givenBack;
  }

  /** The tries after which the session was told to say that it waits. */
  List<Integer> announcedAfterTry() {
    return announcedAfterTry;
  }

  /** The failures for which a fresh session was asked. */
  List<SQLException> failures() {
    return failures;
  }

  @Override
  void open(LockKey key, Opening opening) throws SQLException {
    opened++;
    open.give();
  }

  @Override
  boolean tryLock(LockKey key) throws SQLException {
    tried++;
    Answer<Boolean> scripted = tries.poll();
    boolean granted = (scripted == null ? everyFurtherTry : scripted).give();
    listening = listening && !granted;
    return granted;
  }

  @Override
  boolean startWaiting(LockKey key, Duration longestPause) {
    boolean begins = listeners > 0 && !listening;
    listening = listeners > 0;
    return begins;
  }

  @Override
  int listeners() {
    return listening ? listeners : 0;
  }

  @Override
  void awaitRelease(Duration atMost, Timing timing) throws InterruptedException {
    awaited.add(atMost);
    timing.sleep(atMost);
  }

  @Override
  boolean isWokenUpUnverified() {
    return false;
  }

  @Override
  LockHolder orphan(LockKey key) throws SQLException {
    Answer<LockHolder> scripted = orphans.poll();
    return scripted == null ? null : scripted.give();
  }

  @Override
  void startHolding() throws SQLException {
    startingToHold.give();
  }

  @Override
  boolean canCheckConnections() {
    return true;
  }

  @Override
  boolean canReadSettings() {
    return true;
  }

  @Override
  WorkTimeouts timeouts() {
    return timeouts;
  }

  @Override
  Optional<Duration> betweenLooks() {
    return betweenLooks;
  }

  @Override
  Blockage blockage(LockKey key) throws SQLException {
    looking = Thread.currentThread();
    untilThirdLook.countDown();
    return blockage.give();
  }

  @Override
  List<ServerSession> suspects(String statement) throws SQLException {
    return suspects.give();
  }

  @Override
  int backendPid() {
    return 4711;
  }

  @Override
  void returnIfDead() {}

  @Override
  boolean isSeenAs(LockKey key, ServerSession other) {
    return seen;
  }

  @Override
  Optional<Duration> heartbeat() {
    return heartbeat;
  }

  @Override
  Optional<String> prepareRelease(LockKey key) {
    return Optional.empty();
  }

  @Override
  Optional<String> loss(LockKey key) {
    asking = Thread.currentThread();
    askedForLoss.incrementAndGet();
    untilThirdBeat.countDown();
    return loss;
  }

  @Override
  void announceWaiting(LockKey key) throws SQLException {
    announcedAfterTry.add(tried);
    announcing.give();
  }

  @Override
  LockHolder holder(LockKey key) throws SQLException {
    seeingHolder.give();
    return holder;
  }

  @Override
  boolean canStartAfresh(SQLException failure) {
    failures.add(failure);
    return startsAfresh;
  }

  @Override
  synchronized Optional<String> giveBack(LockKey key) {
    givenBack++;
    return problem;
  }
}
