package io.github.advisorylock;

import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Released;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.IntStream;

/**
 * What being watched costs a run in a JVM that has just started, by hand: the median of many JVMs.
 * Decision 15 has the command, and what it said.
 */
final class ColdCost {

  private static final int JVMS = 31;

  private ColdCost() {}

  /** The parts, each measured in a JVM of its own. */
  enum Part {
    NOTHING {
      @Override
      void run() {
        tell(LockListener.NONE);
      }
    },
    ASK_WHETHER_RECORDED {
      @Override
      void run() {
        tell(new FlightRecording());
      }
    },
    LOAD_EVENTS_AND_ASK_THEM {
      @Override
      void run() {
        tell(new FlightEvents());
      }
    },
    LOOK_FOR_LISTENERS {
      @Override
      void run() {
        tell(LockListeners.forTool("flyway", LockListener.NONE));
      }
    };

    abstract void run();

    static void tell(LockListener listener) {
      listener.onAcquired(new Acquired(LockKey.MIGRATION, 1, Duration.ZERO));
      listener.onReleased(new Released(LockKey.MIGRATION, Duration.ZERO));
    }
  }

  public static void main(String[] args) {
    if (args.length == 1) {
      measure(Part.valueOf(args[0]));
      return;
    }
    for (Part part : Part.values()) {
      report(part.name(), part, List.of());
    }
    report(
        "LOOK_FOR_LISTENERS with Micrometer",
        Part.LOOK_FOR_LISTENERS,
        List.of(),
        Metrics.class,
        KeyValue.class,
        Observation.class);
    report(
        "ASK_WHETHER_RECORDED, recorded",
        Part.ASK_WHETHER_RECORDED,
        List.of("-XX:StartFlightRecording"));
  }

  private static void report(String name, Part part, List<String> options, Class<?>... classPath) {
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < JVMS; i++) {
      OtherJvm.run(ColdCost.class, options, List.of(part.name()), classPath).stream()
          .filter(line -> line.startsWith("nanos "))
          .map(line -> Long.valueOf(line.substring("nanos ".length())))
          .forEach(nanos::add);
    }
    Collections.sort(nanos);
    System.out.printf("%-35s %8.3f ms%n", name, nanos.get(JVMS / 2) / 1e6);
  }

  private static void measure(Part part) {
    // A tool has used lambdas, streams, services and the lock's own classes by then.
    List<Integer> one = IntStream.of(1).mapToObj(i -> i).toList();
    ServiceLoader.load(Runnable.class).forEach(Runnable::run);
    Part.tell(new GuardedListener(new LockListener() {}));
    long start = System.nanoTime();
    part.run();
    System.out.println("nanos " + (System.nanoTime() - start) * one.size());
  }
}
