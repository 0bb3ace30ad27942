package io.github.advisorylock;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** What a flight recording has of a lock that was held. */
@Name("io.github.advisorylock.Held")
@Label("Advisory Lock Held")
@Category("Advisory Lock")
@Description("From acquiring a lock to its release, or to the moment when its loss is noticed")
@StackTrace(false) // where a lock is released is always the same
final class HeldEvent extends Event {

  @Label("Key")
  @Description("The key's name and number")
  @Nullable String key;

  @Label("Attempts")
  @Description("The tries that it took to acquire it; 1 if there was no wait")
  int attempts;

  @Label("Waited")
  @Description("The time from the first try to the successful one")
  @Timespan
  long waited;

  @Label("Outcome")
  @Description("released or lost")
  @Nullable String outcome;
}
