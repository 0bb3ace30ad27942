package io.github.advisorylock;

import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happens to one lock into the JVM's flight recording, if there is one. Until then
 * nothing is loaded but this: most runs are not recorded, and a runtime may have no Flight
 * Recorder. Safe for use by several threads.
 */
final class FlightRecording extends ForwardingListener {

  private @Nullable LockListener events;

  @Override
  protected void forward(Consumer<LockListener> event) {
    event.accept(events());
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
