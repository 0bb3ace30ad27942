package io.github.advisorylock;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** What a flight recording has of a wait. */
@Name("io.github.advisorylock.Waiting")
@Label("Waiting for an Advisory Lock")
@Category("Advisory Lock")
@Description("From the first try in vain to the end of the wait")
@StackTrace // who wants the lock
final class WaitingEvent extends Event {

  @Label("Key")
  @Description("The key's name and number")
  @Nullable String key;

  @Label("Holder")
  @Description("The session that had the lock when it was last looked for, if it could be seen")
  @Nullable String holder;

  @Label("Attempts")
  @Description("All tries, the last one included")
  int attempts;

  @Label("Outcome")
  @Description("acquired, timeout, interrupted or unavailable")
  @Nullable String outcome;
}
