package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import liquibase.Scope;
import liquibase.ScopeManager;

/** Runs Liquibase besides the test, can be interrupted, and says how it ended. */
final class LiquibaseThread extends Thread {
  private final Task task;
  private final Scope scope = Scope.getCurrentScope();
  private volatile Throwable failure;
  private volatile boolean interruptedAtTheEnd;

  private LiquibaseThread(Task task) {
    super("liquibase");
    this.task = task;
    setDaemon(true);
  }

  /** Starts a thread. */
  static LiquibaseThread start(Task task) {
    LiquibaseThread thread = new LiquibaseThread(task);
    thread.start();
    return thread;
  }

  @Override
  public void run() {
    Scope.setScopeManager(new OwnScope(scope));
    try {
      task.run();
    } catch (Throwable e) {
      failure = e;
    }
    interruptedAtTheEnd = isInterrupted();
  }

  /** Waits for the end, and fails if the task did. */
  void finish() throws InterruptedException {
    Throwable thrown = failure();
    if (thrown != null) {
      throw new AssertionError(thrown);
    }
  }

  /** Waits for the end; what the task threw, or null. */
  Throwable failure() throws InterruptedException {
    join(Await.DEADLINE.toMillis());
    assertThat(isAlive()).as("still running").isFalse();
    return failure;
  }

  /** Whether the task left the interrupt flag set. */
  boolean wasInterruptedAtTheEnd() {
    return interruptedAtTheEnd;
  }

  /** What to run. */
  interface Task {
    void run() throws Exception;
  }

  /**
   * A scope that begins as the starting thread's, singletons included, and goes its own way then.
   * So it is anyway in most releases, but in 4.31 threads share one scope, and break it.
   */
  private static final class OwnScope extends ScopeManager {
    private Scope current;

    OwnScope(Scope current) {
      this.current = current;
    }

    @Override
    public Scope getCurrentScope() {
      return current;
    }

    @Override
    protected void setCurrentScope(Scope scope) {
      current = scope;
    }

    @Override
    protected Scope init(Scope scope) {
      return scope;
    }
  }
}
