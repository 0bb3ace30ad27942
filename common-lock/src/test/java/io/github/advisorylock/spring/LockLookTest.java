package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a look that does not come back. No time passes here unless a test says so. */
@Timeout(60) // a look that is not given up would hang for ever
class LockLookTest {

  private static final Duration LONG = Duration.ofMinutes(10);

  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final List<CompletableFuture<?>> timers = new CopyOnWriteArrayList<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  private LockLook lookAt(LockedBean bean) {
    return new LockLook("flyway", bean, LONG, this::start, timers::add);
  }

  private void start(Runnable task) {
    Thread thread = new Thread(task);
    threads.add(thread);
    thread.start();
  }

  private void aMinutePasses() {
    timers.forEach(timer -> timer.completeExceptionally(new TimeoutException()));
  }

  /** Also for those threads that others start meanwhile. */
  @SuppressWarnings("ForLoopReplaceableByForEach") // the list grows
  private void awaitTheEndOfAllThreads() throws InterruptedException {
    for (int i = 0; i < threads.size(); i++) {
      threads.get(i).join();
    }
  }

  @AfterEach
  void shouldLeaveNoThreadBehind() throws InterruptedException {
    released.countDown();
    awaitTheEndOfAllThreads();
  }

  private static String error(CompletableFuture<Optional<LockReport.Bean>> answer) {
    return answer.join().orElseThrow().error();
  }

  /** Its server says nothing, until somebody ends it. */
  private Connection silentConnection() {
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              calls.add(method.getName());
              switch (method.getName()) {
                case "getSchema" -> {
                  asked.countDown();
                  awaitWhateverHappens(released);
                  throw new SQLException("This connection has been closed.", "08003");
                }
                case "abort" -> released.countDown();
                default -> {}
              }
              return method.getReturnType() == int.class
                  ? 0
                  : method.getReturnType() == boolean.class ? false : null;
            });
  }

  /** As a driver does: an interrupt does not reach it. */
  private static void awaitWhateverHappens(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException e) {
        // go on
      }
    }
  }

  private FakeBean silentBean() {
    return new FakeBean(this::silentConnection) {
      @Override
      public List<LockKey> keys(Connection connection) throws SQLException {
        return List.of(LockKey.MIGRATION.within(connection.getSchema()));
      }
    };
  }

  @Test
  void shouldEndTheConnectionOfALookThatDoesNotComeBack() throws InterruptedException {
    CompletableFuture<Optional<LockReport.Bean>> answer = lookAt(silentBean()).begin();
    asked.await();
    assertThat(answer).isNotDone();
    assertThat(calls).doesNotContain("abort");

    aMinutePasses();
    awaitTheEndOfAllThreads();

    assertThat(error(answer)).startsWith("No answer in time");
    assertThat(calls).containsOnlyOnce("abort").endsWith("close");
  }

  @Test
  void shouldLookAgainAfterALookThatDidNotComeBack() throws InterruptedException {
    FakeBean bean = silentBean();
    LockLook look = lookAt(bean);
    CompletableFuture<?> first = look.begin();
    asked.await();
    assertThat(look.begin()).isSameAs(first);
    assertThat(bean.attempts()).isEqualTo(1);

    aMinutePasses();
    awaitTheEndOfAllThreads();

    assertThat(error(look.begin())).contains("This connection has been closed.");
    assertThat(bean.attempts()).isEqualTo(2);
  }

  @Test
  void shouldInterruptALookThatGetsNoConnection() throws InterruptedException {
    FakeBean bean =
        new FakeBean(
            () -> {
              asked.countDown();
              released.await(); // which is never, unless the test fails
              throw new AssertionError();
            });
    LockLook look = lookAt(bean);
    CompletableFuture<Optional<LockReport.Bean>> answer = look.begin();
    asked.await();

    aMinutePasses();
    awaitTheEndOfAllThreads();

    assertThat(error(answer)).startsWith("No answer in time");
  }

  @Test
  void shouldGiveBackAConnectionThatComesTooLate() throws InterruptedException {
    FakeBean bean =
        new FakeBean(
            () -> {
              asked.countDown();
              awaitWhateverHappens(released);
              return silentConnection();
            });
    CompletableFuture<Optional<LockReport.Bean>> answer = lookAt(bean).begin();
    asked.await();
    aMinutePasses();
    threads.get(1).join(); // it is given up
    released.countDown();

    awaitTheEndOfAllThreads();

    assertThat(error(answer)).startsWith("No answer in time");
    assertThat(calls).containsExactly("close");
  }

  @Test
  void shouldLeaveOnlyAFewBehindThatHangEvenSo() throws InterruptedException {
    CountDownLatch allAsked = new CountDownLatch(LockLook.MOST_HANGING);
    FakeBean bean =
        new FakeBean(
            () -> {
              allAsked.countDown();
              awaitWhateverHappens(released);
              throw new SQLException("gone");
            });
    LockLook look = lookAt(bean);
    for (int i = 0; i < LockLook.MOST_HANGING; i++) {
      assertThat(look.begin()).isNotDone();
      aMinutePasses();
    }
    allAsked.await();

    assertThat(error(look.begin())).startsWith("No answer, and the looks before this one hang");
    assertThat(bean.attempts()).isEqualTo(LockLook.MOST_HANGING);

    released.countDown();
    awaitTheEndOfAllThreads();

    assertThat(error(look.begin())).isEqualTo("gone");
  }

  @Test
  void shouldNotEndAConnectionThatHasGoneBackToItsPool() throws InterruptedException {
    FakeBean bean = new FakeBean(this::silentConnection);
    lookAt(bean).begin().join();
    awaitTheEndOfAllThreads();

    assertThat(timers).allSatisfy(timer -> assertThat(timer).isCompleted());
    aMinutePasses();
    awaitTheEndOfAllThreads();

    assertThat(calls).contains("close").doesNotContain("abort");
  }
}
