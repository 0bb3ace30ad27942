package io.github.advisorylock.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Looks at the locks of one bean, once at a time: however many ask, and however long a pool or a
 * server keeps them waiting, one thread and one connection at most are busy with it. A look that
 * does not come back is given up, and only a few that hang even so may be left behind. Safe for use
 * by several threads.
 */
final class LockLook {

  static final int MOST_HANGING = 3;

  private static final String NO_ANSWER =
      "No answer in time: neither a connection nor the server's word. It is still waited for, and"
          + " asked for again when that has ended, or after a minute";

  private static final String HANGING =
      "No answer, and the looks before this one hang in the connection pool or the driver. It is"
          + " asked for again when one of them has ended";

  private final String tool;
  private final LockedBean bean;
  private final Duration atMost;
  private final Executor threads;
  private final Consumer<CompletableFuture<?>> bound;

  private final List<OneLook> givenUp = new ArrayList<>();
  private CompletableFuture<Optional<LockReport.Bean>> look =
      CompletableFuture.completedFuture(Optional.empty());
  private CompletableFuture<Optional<LockReport.Bean>> answer = look;

  /**
   * Looks at a bean's locks.
   *
   * @param atMost after that time an answer says that there is none
   */
  LockLook(String tool, LockedBean bean, Duration atMost) {
    this(tool, bean, atMost, LockLook::onThreadOfItsOwn, LockLook::toAMinute);
  }

  /**
   * The same, with threads and time of somebody else's.
   *
   * @param bound completes what it is given by a TimeoutException when a look has taken too long,
   *     unless that is complete by then
   */
  LockLook(
      String tool,
      LockedBean bean,
      Duration atMost,
      Executor threads,
      Consumer<CompletableFuture<?>> bound) {
    this.tool = tool;
    this.bean = bean;
    this.atMost = atMost;
    this.threads = threads;
    this.bound = bound;
  }

  boolean isAt(LockedBean other) {
    return bean == other;
  }

  /**
   * Begins to look, unless that has begun and not ended.
   *
   * @return what is seen, or why nothing is; empty if the bean is not locked
   */
  synchronized CompletableFuture<Optional<LockReport.Bean>> begin() {
    if (!look.isDone()) {
      return answer;
    }
    givenUp.removeIf(OneLook::hasEnded);
    if (givenUp.size() >= MOST_HANGING) {
      return CompletableFuture.completedFuture(failed(HANGING));
    }
    OneLook next = new OneLook(tool, bean, atMost);
    threads.execute(next);
    look = next.seen();
    answer =
        look.copy().completeOnTimeout(failed(NO_ANSWER), atMost.toMillis(), TimeUnit.MILLISECONDS);
    bound(next);
    return answer;
  }

  /** Whoever completes the timer first has it end, and nobody else needs to know. */
  @SuppressWarnings("FutureReturnValueIgnored")
  private void bound(OneLook next) {
    CompletableFuture<Void> timer = new CompletableFuture<>();
    timer.whenComplete(
        (unused, failure) -> {
          if (failure instanceof TimeoutException) {
            giveUp(next);
          }
        });
    next.seen().whenComplete((unused, failure) -> timer.complete(null));
    bound.accept(timer);
  }

  private synchronized void giveUp(OneLook hanging) {
    givenUp.add(hanging);
    hanging.seen().complete(failed(NO_ANSWER));
    threads.execute(hanging::giveUp); // the driver may take its time, and this thread is the JDK's
  }

  @SuppressWarnings("FutureReturnValueIgnored") // it returns what it is given
  private static void toAMinute(CompletableFuture<?> timer) {
    timer.orTimeout(1, TimeUnit.MINUTES);
  }

  private Optional<LockReport.Bean> failed(String error) {
    return Optional.of(LockReport.Bean.failed(tool, error));
  }

  private static void onThreadOfItsOwn(Runnable look) {
    Thread thread = new Thread(look, "advisory-lock-look");
    thread.setDaemon(true);
    thread.start();
  }
}
