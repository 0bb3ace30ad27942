package io.github.advisorylock.it;

import java.time.Duration;

/**
 * The lease that tests set: much shorter than the default, so that they need not wait for long, and
 * long enough for a machine that is busy to keep it.
 */
final class Lease {
  static final Duration LENGTH = Duration.ofSeconds(4);

  private Lease() {}
}
