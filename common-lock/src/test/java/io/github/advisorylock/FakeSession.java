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
  interface Answer {
    boolean give() throws SQLException;
  }

  /** What a look for orphans comes to. */
  @FunctionalInterface
  interface OrphanAnswer {
    LockHolder give() throws SQLException;
  }

  /** What a look for whoever is in the way comes to. */
  @FunctionalInterface
  interface BlockageAnswer {
    Blockage give() throws SQLException;
  }

  /** What a look for whoever may have been in the way comes to. */
  @FunctionalInterface
  interface SuspectsAnswer {
    List<ServerSession> give() throws SQLException;
  }

  private final Deque<Answer> tries = new ArrayDeque<>();
  private Answer everyFurtherTry = () -> false;
  private Answer open = () -> true;
  private Answer seeingHolder = () -> true;
  private Answer announcing = () -> true;
  private LockHolder holder;
  private boolean startsAfresh = true;
  private Optional<String> problem = Optional.empty();

  private final Deque<OrphanAnswer> orphans = new ArrayDeque<>();
  private Answer startingToHold = () -> true;
  private int listeners;
  private boolean listening;
  private final List<Duration> awaited = new ArrayList<>();
  private Optional<Duration> heartbeat = Optional.empty();
  private volatile Optional<String> loss = Optional.empty();
  private WorkTimeouts timeouts = WorkTimeouts.NONE;
  private Optional<Duration> betweenLooks = Optional.empty();
  private volatile BlockageAnswer blockage = () -> null;
  private SuspectsAnswer suspects = List::of;
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
  FakeSession next(Answer answer) {
    tries.add(answer);
    return this;
  }

  FakeSession open(Answer answer) {
    open = answer;
    return this;
  }

  FakeSession holder(LockHolder seen) {
    holder = seen;
    return this;
  }

  /** What the next look for orphans that nothing was said about yet comes to. */
  FakeSession orphan(OrphanAnswer answer) {
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

  FakeSession startingToHold(Answer answer) {
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

  FakeSession blockage(BlockageAnswer answer) {
    blockage = answer;
    return this;
  }

  FakeSession suspects(SuspectsAnswer answer) {
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

  FakeSession seeingHolder(Answer answer) {
    seeingHolder = answer;
    return this;
  }

  FakeSession announcing(Answer answer) {
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
  void open(LockKey key) throws SQLException {
    opened++;
    open.give();
  }

  @Override
  boolean tryLock(LockKey key) throws SQLException {
    tried++;
    Answer scripted = tries.poll();
    return (scripted == null ? everyFurtherTry : scripted).give();
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
  LockHolder orphan(LockKey key) throws SQLException {
    OrphanAnswer scripted = orphans.poll();
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
