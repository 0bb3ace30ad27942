package io.github.advisorylock;

import java.util.Locale;

/** How the time ended in which a lock was held, in the words of events and meters. */
enum HoldOutcome {
  RELEASED,
  LOST;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
