package io.github.advisorylock;

import java.time.Duration;

/** Retry policies whose pauses do not grow. */
final class Tries {

  private Tries() {}

  /** So many, however long that takes. */
  static RetryPolicy upTo(int most, Duration pause) {
    return new RetryPolicy(RetryPolicy.NO_TIMEOUT, most, pause, Duration.ZERO, pause);
  }
}
