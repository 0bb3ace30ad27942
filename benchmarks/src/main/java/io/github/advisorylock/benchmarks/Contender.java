package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.ClassPath;
import io.github.advisorylock.demo.Tool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is compared. Only its own JVM loads the classes of a contender. */
enum Contender {
  LIMIT("pg_advisory_lock, the limit", null, Jars.NONE, Polling.NEVER) {
    @Override
    Runner runner(String url) throws Exception {
      return new BlockingRunner(url);
    }
  },

  NOTIFY_ALL("LISTEN/NOTIFY to all", null, Jars.NONE, Polling.BACKOFF) {
    @Override
    Runner runner(String url) throws Exception {
      return new NotifyAllRunner(url);
    }
  },

  ADVISORY_LOCK("advisory lock", null, Jars.OURS, Polling.BACKOFF) {
    @Override
    Runner runner(String url) {
      return AdvisoryLockRunner.withWakeUp(url);
    }
  },

  ADVISORY_LOCK_WITHOUT_WAKE_UP("advisory lock, no wake-up", null, Jars.OURS, Polling.BACKOFF) {
    @Override
    Runner runner(String url) {
      return AdvisoryLockRunner.withoutWakeUp(url);
    }
  },

  FLYWAY("Flyway", Tool.FLYWAY, Jars.NONE, Polling.FLYWAY) {
    @Override
    Runner runner(String url) {
      return new FlywayRunner(url);
    }
  },

  FLYWAY_WITH_LOCK("Flyway with advisory lock", Tool.FLYWAY, Jars.OURS, Polling.BACKOFF) {
    @Override
    Runner runner(String url) {
      throw new UnsupportedOperationException("There is no door to it but a whole run");
    }
  },

  LIQUIBASE("Liquibase", Tool.LIQUIBASE, Jars.NONE, Polling.LIQUIBASE) {
    @Override
    Runner runner(String url) throws Exception {
      return new LiquibaseRunner(url);
    }
  },

  SESSIONLOCK("Liquibase with sessionlock", Tool.LIQUIBASE, Jars.SESSIONLOCK, Polling.SESSIONLOCK) {
    @Override
    Runner runner(String url) throws Exception {
      return new LiquibaseRunner(url);
    }
  },

  LIQUIBASE_WITH_LOCK("Liquibase with advisory lock", Tool.LIQUIBASE, Jars.OURS, Polling.BACKOFF) {
    @Override
    Runner runner(String url) throws Exception {
      return new LiquibaseRunner(url);
    }
  };

  static final String SESSIONLOCK_ARTIFACT = "liquibase-sessionlock";

  private final String title;
  private final @Nullable Tool tool;
  private final Jars jars;
  private final Duration pollInterval;

  Contender(String title, @Nullable Tool tool, Jars jars, Duration pollInterval) {
    this.title = title;
    this.tool = tool;
    this.jars = jars;
    this.pollInterval = pollInterval;
  }

  abstract Runner runner(String url) throws Exception;

  String title() {
    return title;
  }

  Tool tool() {
    if (tool == null) {
      throw new IllegalStateException(this + " is a lock and no tool");
    }
    return tool;
  }

  /** The longest pause between two tries. */
  Duration pollInterval() {
    return pollInterval;
  }

  /** Whether it sleeps nearly all the time, so that another one beside it makes no difference. */
  boolean sleepsMostly() {
    return pollInterval.compareTo(Polling.BACKOFF) > 0;
  }

  /** Everything but the other contenders' jars. */
  String classPath() {
    List<String> others = new ArrayList<>(ClassPath.OURS);
    others.add(SESSIONLOCK_ARTIFACT);
    others.removeAll(jars.artifacts());
    return ClassPath.without(others);
  }

  /** What a contender has on its class path that others have not. */
  private enum Jars {
    NONE,
    OURS,
    SESSIONLOCK;

    List<String> artifacts() {
      return switch (this) {
        case NONE -> List.of();
        case OURS -> ClassPath.OURS;
        case SESSIONLOCK -> List.of(SESSIONLOCK_ARTIFACT);
      };
    }
  }

  /** How often each looks, unless told otherwise; as of the releases that are measured here. */
  private static final class Polling {
    static final Duration NEVER = Duration.ZERO;
    static final Duration BACKOFF = Duration.ofSeconds(1);
    static final Duration FLYWAY = Duration.ofSeconds(1);
    static final Duration SESSIONLOCK = Duration.ofSeconds(5);
    static final Duration LIQUIBASE = Duration.ofSeconds(10);
  }
}
