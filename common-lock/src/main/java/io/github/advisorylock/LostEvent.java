package io.github.advisorylock;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** What a flight recording has of a lock that was lost. */
@Name("io.github.advisorylock.Lost")
@Label("Advisory Lock Lost")
@Category("Advisory Lock")
@Description("A lock turned out not to be held any more, although nobody had released it")
@StackTrace(false) // it is noticed by a heartbeat as often as by a run
final class LostEvent extends Event {

  @Label("Key")
  @Description("The key's name and number")
  @Nullable String key;

  @Label("Reason")
  @Description("What the server said")
  @Nullable String reason;

  @Label("Held For")
  @Description("The time since it was acquired")
  @Timespan
  long held;
}
