package io.github.advisorylock;

import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happens to one lock into the JVM's flight recording, if there is one. Until then
 * nothing is loaded but this: most runs are not recorded, and a runtime may have no Flight
 * Recorder. Safe for use by several threads.
 */
final class FlightRecording implements LockListener {

  private @Nullable LockListener events;

  @Override
  public void onWaiting(Waiting event) {
    events().onWaiting(event);
  }

  @Override
  public void onAcquired(Acquired event) {
    events().onAcquired(event);
  }

  @Override
  public void onGivenUp(GivenUp event) {
    events().onGivenUp(event);
  }

  @Override
  public void onReleased(Released event) {
    events().onReleased(event);
  }

  @Override
  public void onLost(Lost event) {
    events().onLost(event);
  }

  private synchronized LockListener events() {
    if (events == null && isRecorderStarted()) {
      events = new FlightEvents();
    }
    return events == null ? NONE : events;
  }

  private static boolean isRecorderStarted() {
    try {
      return FlightRecorder.isInitialized();
    } catch (LinkageError e) { // a runtime without the module jdk.jfr
      return false;
    }
  }
}
