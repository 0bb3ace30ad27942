package io.github.advisorylock;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What Micrometer shows of the locks of this JVM. Only loaded where there is Micrometer.
 *
 * <p>The meters read what has been counted whenever they are asked: a migration is over before many
 * an application has set its registries up, and what is recorded into a global registry that has
 * none yet is lost. Decision 15 has the rest.
 */
final class LockMeters {

  /** A timer of waits: of all, also those that were over with the first try. */
  static final String WAIT = "advisory.lock.wait";

  /** A timer of what came after a successful wait. */
  static final String HELD = "advisory.lock.held";

  /** A gauge of how many locks are held. */
  static final String ACTIVE = "advisory.lock.active";

  static final String TOOL = "tool";
  static final String OUTCOME = "outcome";

  /** By tool, for as long as this class lives: Micrometer itself keeps what it reads weakly. */
  private static final Map<String, LockTotals> TOTALS = new ConcurrentHashMap<>();

  private LockMeters() {}

  /** The listener that counts for a tool, whose meters are in Micrometer's global registry. */
  static LockListener of(String tool) {
    return bind(tool, Metrics.globalRegistry);
  }

  /** The same, with the meters in another registry. */
  static LockListener bind(String tool, MeterRegistry registry) {
    LockTotals totals = TOTALS.computeIfAbsent(tool, anyTool -> new LockTotals());
    register(tool, totals, registry);
    return totals;
  }

  /** Leaves those alone that are there already: newer releases of Micrometer warn otherwise. */
  static void register(String tool, LockTotals totals, MeterRegistry registry) {
    if (hasThem(tool, registry)) {
      return;
    }
    for (WaitOutcome outcome : WaitOutcome.values()) {
      timer(
              WAIT,
              "How often, and for how long, the lock was waited for, also if it was free",
              totals.of(outcome))
          .tags(TOOL, tool, OUTCOME, outcome.toString())
          .register(registry);
    }
    for (HoldOutcome outcome : HoldOutcome.values()) {
      timer(HELD, "How often, and for how long, the lock was held", totals.of(outcome))
          .tags(TOOL, tool, OUTCOME, outcome.toString())
          .register(registry);
    }
    Gauge.builder(ACTIVE, totals, LockTotals::heldNow)
        .description("How many locks are held now")
        .tags(TOOL, tool)
        .register(registry);
  }

  /** A composite has them if all of its parts do, such as by way of another composite. */
  private static boolean hasThem(String tool, MeterRegistry registry) {
    if (registry.find(ACTIVE).tags(TOOL, tool).gauge() != null) { // the last one, see above
      return true;
    }
    return registry instanceof CompositeMeterRegistry composite
        && !composite.getRegistries().isEmpty()
        && composite.getRegistries().stream().allMatch(part -> hasThem(tool, part));
  }

  private static FunctionTimer.Builder<LockTotals.Total> timer(
      String name, String description, LockTotals.Total total) {
    return FunctionTimer.builder(
            name, total, LockTotals.Total::count, LockTotals.Total::nanos, TimeUnit.NANOSECONDS)
        .description(description);
  }
}
