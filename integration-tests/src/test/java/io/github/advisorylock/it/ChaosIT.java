package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.Round.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Whatever happens to a runner, a connection or the server, and whenever it does: no two runners
 * are ever at work at once, no migration is lost or applied twice, and nothing is left behind.
 *
 * <ul>
 *   <li>{@code -Dchaos.rounds=200}: more rounds than one for each fault and tool, which every build
 *       has;
 *   <li>{@code -Dchaos.seed=…}: the same rounds again, as the seed that is printed says;
 *   <li>{@code -Dchaos.round=17}: that one only; what a round does depends on its number and the
 *       seed, but not on the rounds before.
 * </ul>
 *
 * A table of how fast work went on after which fault is printed and written to {@code
 * target/chaos.md}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChaosIT {

  /** Each fault meets each tool. */
  private static final int ROUNDS = Fault.values().length * Tool.values().length;

  /** How many rounds may miss what they are for, on a machine that is slow. */
  private static final int MISSED_AT_MOST_ONE_IN = 4;

  private final long seed = Long.getLong("chaos.seed", new Random().nextInt(1_000_000));
  private final Map<Tool, Fleet> fleets = new EnumMap<>(Tool.class);
  private RestartableServer restartable;

  @BeforeAll
  void start() {
    for (Tool tool : Tool.values()) {
      fleets.put(tool, new Fleet(tool));
    }
    restartable = RestartableServer.start();
  }

  @AfterAll
  void stop() {
    fleets.values().forEach(Fleet::close);
    if (restartable != null) {
      restartable.close();
    }
  }

  @Test
  void shouldKeepEveryPromiseWhateverFails() {
    List<Result> results = new ArrayList<>();
    System.out.println("Chaos with seed " + seed);
    for (int number : numbers()) {
      results.add(play(RoundPlan.draw(seed, number)));
    }

    ChaosReport report = new ChaosReport(seed, results);
    report.writeTo(Path.of("target", "chaos.md"));
    System.out.println(report.markdown());
    assertThat(results)
        .as("rounds with seed %d that are not in order", seed)
        .filteredOn(result -> !result.violations().isEmpty())
        .extracting(this::describe)
        .isEmpty();
    assertThat(results.stream().filter(Result::missed))
        .as("rounds with seed %d that were over before their fault, and so show nothing", seed)
        .extracting(this::describe)
        .hasSizeLessThanOrEqualTo(results.size() / MISSED_AT_MOST_ONE_IN);
  }

  private static List<Integer> numbers() {
    Integer one = Integer.getInteger("chaos.round");
    return one == null
        ? IntStream.rangeClosed(1, Integer.getInteger("chaos.rounds", ROUNDS)).boxed().toList()
        : List.of(one);
  }

  private Result play(RoundPlan plan) {
    long start = System.nanoTime();
    boolean restart = plan.fault().isRestart();
    Server server = restart ? restartable.server() : Server.get();
    Runnable restarting = () -> restartable.restart(plan.fault().isImmediate());
    try (Database database = server.freshDatabase()) {
      Result result = Round.play(plan, fleets.get(plan.tool()), database, restarting);
      System.out.printf(
          "Round %d: %s: %s in %.1f s%n",
          plan.number(),
          plan.describe(),
          result.violations().isEmpty() ? "in order" : describe(result),
          (System.nanoTime() - start) / 1e9);
      return result;
    } catch (RuntimeException | AssertionError e) {
      e.printStackTrace(); // and on with the others, which may say more
      Result result = Result.broken(plan, e);
      System.out.printf("Round %d: %s%n", plan.number(), describe(result));
      return result;
    }
  }

  private String describe(Result result) {
    return "Seed %d, round %d (again: -Dchaos.seed=%d -Dchaos.round=%d): %s%n  %s"
        .formatted(
            seed,
            result.plan().number(),
            seed,
            result.plan().number(),
            result.plan().describe(),
            result.violations().stream()
                .map(violation -> violation.replace("\n", "\n    "))
                .collect(Collectors.joining("\n  ")));
  }
}
