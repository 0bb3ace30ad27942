package io.github.advisorylock.it;

import java.util.List;
import java.util.SplittableRandom;

/**
 * All that is left to chance in a round, drawn from the seed and the round's number alone, so that
 * one round can be repeated without those before it.
 *
 * @param transactional whether the migrations are
 * @param lockConnection whether Liquibase is given a connection for the lock alone, as Flyway has
 * @param longVersion the migration that takes long when it is tried first
 * @param delayMillis how long after the holder begins to work the fault comes
 * @param reset whether a connection is cut by RST, not FIN
 * @param cutLock whether it is the lock's connection that is cut, if only one is
 * @param wakeUp whether those that wait are told of a release
 */
record RoundPlan(
    int number,
    Tool tool,
    Fault fault,
    int runners,
    boolean transactional,
    boolean lockConnection,
    int longVersion,
    double longSeconds,
    int delayMillis,
    boolean reset,
    boolean cutLock,
    boolean wakeUp) {

  private static final List<Fault> FAULTS = List.of(Fault.values());
  private static final List<Tool> TOOLS = List.of(Tool.values());
  private static final long SPREAD = 1_000_003;

  static RoundPlan draw(long seed, int number) {
    SplittableRandom random = new SplittableRandom(seed * SPREAD + number);
    Fault fault = FAULTS.get((number - 1) % FAULTS.size()); // 13 faults and 2 tools:
    Tool tool = TOOLS.get(number % TOOLS.size()); // each fault meets each tool in turn
    return new RoundPlan(
        number,
        tool,
        fault,
        random.nextInt(3, 7),
        random.nextBoolean(),
        tool == Tool.FLYWAY || fault.needsLease() || random.nextBoolean(),
        random.nextInt(1, ChaosWork.MIGRATIONS + 1),
        longSeconds(fault, random),
        random.nextInt(1_500),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  /**
   * Always longer than the delay, so that the fault finds somebody at work; and an orphan that is
   * left alone must work on for longer than the bound allows.
   */
  private static double longSeconds(Fault fault, SplittableRandom random) {
    double seconds = 2 + random.nextInt(1_000) / 1_000.0;
    return fault == Fault.KILL_HOLDER ? seconds + 6 : seconds;
  }

  String describe() {
    return "%s, %s, %d runners, %s, %s, %s, migration %d takes %.1f s, fault after %d ms%s"
        .formatted(
            tool,
            fault,
            runners,
            transactional ? "transactional" : "non-transactional",
            lockConnection ? "lock on its own connection" : "lock on the working connection",
            wakeUp ? "wake-up" : "no wake-up",
            longVersion,
            longSeconds,
            delayMillis,
            fault.needsProxy() && fault != Fault.SWALLOW
                ? (reset ? ", by RST" : ", by FIN")
                    + (fault == Fault.CUT_ONE ? cutLock ? " (lock)" : " (work)" : "")
                : "");
  }
}
