package io.github.advisorylock;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Takes a lock as an adapter does and releases it, in whatever class loader or JVM; what it logs.
 */
final class LonelyRun implements Supplier<List<String>> {

  static final String TOOL = "lonely";

  static final List<String> LOG =
      List.of(
          "Waiting for the advisory lock migration (-8472138601791040455): its holder could not be"
              + " seen, or has just left (1 try in 0 ms; timeout 5 min)",
          "Acquired the advisory lock migration (-8472138601791040455) (2 tries in 100 ms)",
          "Released the advisory lock migration (-8472138601791040455) after 0 ms");

  LonelyRun() {}

  public static void main(String[] args) {
    new LonelyRun().get().forEach(System.out::println);
  }

  @Override
  public List<String> get() {
    List<String> lines = new ArrayList<>();
    LockListener listener =
        LockListeners.forTool(TOOL, new LogLines(lines::add, lines::add, lines::add));
    new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, listener, new FakeTiming())
        .acquire(FakeSession.lockedUntilTry(2))
        .close();
    return lines;
  }
}
