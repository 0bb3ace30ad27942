package io.github.advisorylock.liquibase;

import io.github.advisorylock.ForwardingListener;
import io.github.advisorylock.LockListener;
import java.util.function.Consumer;
import liquibase.Scope;
import liquibase.logging.mdc.MdcKey;
import liquibase.logging.mdc.MdcManager;
import liquibase.logging.mdc.MdcValue;

/**
 * What Liquibase's own lock service adds to the line that tells of a release, for structured logs:
 * {@code releaseLocksOutcome}, which is {@code success} or {@code fail}. It adds nothing else about
 * its lock. Safe for use by several threads, as far as Liquibase's {@code MdcManager} is.
 */
final class ReleaseOutcome extends ForwardingListener {

  private final LockListener lines;
  private final MdcManager mdc;

  private ReleaseOutcome(LockListener lines, MdcManager mdc) {
    this.lines = lines;
    this.mdc = mdc;
  }

  /** The same lines; with the current scope's values, whatever thread they come from. */
  static LockListener around(LockListener lines) {
    return new ReleaseOutcome(lines, Scope.getCurrentScope().getMdcManager());
  }

  /** A line of the current scope about a release that went well. */
  static void ofSuccess(Runnable line) {
    during(Scope.getCurrentScope().getMdcManager(), MdcValue.COMMAND_SUCCESSFUL, line);
  }

  /** The same for one that did not. */
  static void ofFailure(Runnable line) {
    during(Scope.getCurrentScope().getMdcManager(), MdcValue.COMMAND_FAILED, line);
  }

  @Override
  protected void forward(Consumer<LockListener> event) {
    event.accept(lines);
  }

  @Override
  public void onReleased(Released event) {
    during(mdc, MdcValue.COMMAND_SUCCESSFUL, () -> super.onReleased(event));
  }

  @Override
  public void onLost(Lost event) {
    during(mdc, MdcValue.COMMAND_FAILED, () -> super.onLost(event));
  }

  private static void during(MdcManager mdc, String outcome, Runnable line) {
    mdc.put(MdcKey.RELEASE_LOCKS_OUTCOME, outcome);
    try {
      line.run();
    } finally {
      mdc.remove(MdcKey.RELEASE_LOCKS_OUTCOME);
    }
  }
}
