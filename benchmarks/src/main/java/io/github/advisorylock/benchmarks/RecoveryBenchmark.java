package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import io.github.advisorylock.demo.Pause;
import io.github.advisorylock.demo.Tool;
import java.io.Serializable;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How long a kill -9 of the holder's process keeps the next one waiting. */
final class RecoveryBenchmark implements Benchmark {

  private static final List<Contender> IDLE =
      List.of(
          Contender.LIMIT,
          Contender.ADVISORY_LOCK,
          Contender.FLYWAY,
          Contender.LIQUIBASE,
          Contender.SESSIONLOCK,
          Contender.LIQUIBASE_WITH_LOCK);

  private static final List<Contender> AT_WORK =
      List.of(
          Contender.FLYWAY,
          Contender.FLYWAY_WITH_LOCK,
          Contender.LIQUIBASE,
          Contender.SESSIONLOCK,
          Contender.LIQUIBASE_WITH_LOCK);

  private static final List<Contender> QUICK_IDLE = List.of(Contender.LIMIT);
  private static final List<Contender> QUICK_AT_WORK = List.of(Contender.FLYWAY_WITH_LOCK);
  private static final String WHILE_IDLE = "kill -9 while idle";
  private static final String IN_MID_STATEMENT = "kill -9 in mid-statement";
  private static final int ROUNDS = 2;
  private static final long SEED = 42;

  /** Long enough for one that has connected to load the rest, and to find the lock held. */
  private static final Duration SETTLE = Duration.ofSeconds(3);

  /** Sooner or later by so much, so that no poll interval is in step with the kill. */
  private static final Duration SPREAD = Duration.ofSeconds(5);

  /** What the statement has left when it loses its client, at least. */
  private static final Duration REST_OF_STATEMENT = Duration.ofSeconds(5);

  /** Between its start and the connection of the next one. */
  private static final Duration TO_CONNECT = Duration.ofSeconds(2);

  private static final Duration STATEMENT =
      TO_CONNECT.plus(SETTLE).plus(SPREAD).plus(REST_OF_STATEMENT);

  /** From the end of the victim's server process; beyond the longest poll interval but one. */
  private static final Duration PATIENCE = Duration.ofSeconds(7);

  /** For what has to come: without it there is nothing to measure. */
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private static final int VICTIM = 1;
  private static final int NEXT = 2;

  private static final String STATEMENT_OF_VICTIM =
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
          + " AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";

  private static final String START_OF_NEXT = "SELECT at FROM demo.work WHERE replica = " + NEXT;

  @Override
  public String name() {
    return "recovery";
  }

  @Override
  public void measure(Lab lab, Samples samples) throws Exception {
    Random random = new Random(SEED);
    for (int round = 0; round < lab.effort().choose(ROUNDS, 1); round++) {
      Duration settle = SETTLE.plusNanos((long) (random.nextDouble() * SPREAD.toNanos()));
      Crew.runAll(
          lab.effort().choose(IDLE, QUICK_IDLE),
          contender -> killIdle(contender, settle, lab, samples));
      Crew.runAll(
          lab.effort().choose(AT_WORK, QUICK_AT_WORK),
          contender -> killAtWork(contender, settle, lab, samples));
    }
  }

  private static void killIdle(Contender contender, Duration settle, Lab lab, Samples samples)
      throws Exception {
    Database database = lab.newDatabase();
    String url = database.url(0, Map.of());
    try (ContenderJvm victim = lab.newJvm(contender);
        ContenderJvm next = lab.newJvm(contender)) {
      victim.carryOut(new Hold(url));
      CompletableFuture<Hold.Since> held = sendAndConnect(next, new Hold(url), url);
      Pause.of(settle);
      Instant killed = Instant.now();
      victim.kill();
      double time = Double.POSITIVE_INFINITY;
      if (comesToItsEnd(held)) {
        time = Milliseconds.between(killed, held.join().moment());
      }
      samples.add(WHILE_IDLE, contender, Quantity.TIME, time);
      lab.progress("%s: %s: %s ms".formatted(WHILE_IDLE, contender.title(), Figures.of(time)));
    }
    lab.drop(database);
  }

  private static void killAtWork(Contender contender, Duration settle, Lab lab, Samples samples)
      throws Exception {
    Database database = lab.newDatabase();
    String migrations = contender.tool() == Tool.FLYWAY ? "flyway/slow" : "liquibase/slow.sql";
    try (ContenderJvm victim = lab.newJvm(contender);
        ContenderJvm next = lab.newJvm(contender)) {
      warmUp(next, contender.tool(), lab);
      CompletableFuture<SingleRun.Cost> victimsRun =
          victim.send(new SingleRun(url(database, VICTIM, STATEMENT), migrations));
      int orphan = session(database, victimsRun);
      String url = url(database, NEXT, Duration.ZERO);
      CompletableFuture<SingleRun.Cost> run =
          sendAndConnect(next, new SingleRun(url, migrations), url);
      Pause.of(settle);
      Instant killed = Instant.now();
      victim.kill();
      Instant endOfOrphan = database.lastSeen(orphan, DEADLINE);
      double time = Double.POSITIVE_INFINITY;
      double overlap = Double.NaN;
      if (comesToItsEnd(run)) {
        Instant start =
            database
                .query(START_OF_NEXT, row -> row.getObject(1, OffsetDateTime.class).toInstant())
                .get(0);
        time = Milliseconds.between(killed, start);
        overlap = Math.max(0, Milliseconds.between(start, endOfOrphan));
      }
      samples.add(IN_MID_STATEMENT, contender, Quantity.TIME, time);
      samples.add(IN_MID_STATEMENT, contender, Quantity.OVERLAP, overlap);
      lab.progress(
          "%s: %s: %s ms, overlap %s ms"
              .formatted(
                  IN_MID_STATEMENT, contender.title(), Figures.of(time), Figures.of(overlap)));
    }
    lab.drop(database);
  }

  /** So that it does not spend the time of the statement on loading classes. */
  private static void warmUp(ContenderJvm jvm, Tool tool, Lab lab) {
    Database database = lab.newDatabase();
    jvm.carryOut(new SingleRun(url(database, NEXT, Duration.ZERO), tool.warmUpMigrations()));
    lab.drop(database);
  }

  private static String url(Database database, int replica, Duration statement) {
    return database.url(replica, Map.of("bench.seconds", Long.toString(statement.toSeconds())));
  }

  /** Returns when there is a session more. */
  private static <R extends Serializable> CompletableFuture<R> sendAndConnect(
      ContenderJvm jvm, Order<R> order, String url) throws SQLException, InterruptedException {
    try (Sessions sessions = Sessions.of(url)) {
      int before = sessions.pids().size();
      CompletableFuture<R> reply = jvm.send(order);
      sessions.awaitAtLeast(before + 1);
      return reply;
    }
  }

  /** The server process that works for the victim, once it does. */
  private static int session(Database database, CompletableFuture<?> run)
      throws InterruptedException {
    return Pause.untilThereIs(
            DEADLINE,
            () -> {
              if (run.isDone()) {
                throw new IllegalStateException("It ended too soon, as did " + run.join());
              }
              return database.query(STATEMENT_OF_VICTIM, row -> row.getInt(1)).stream().findFirst();
            })
        .orElseThrow(() -> new IllegalStateException("The victim does not begin to work"));
  }

  private static boolean comesToItsEnd(CompletableFuture<?> run)
      throws InterruptedException, ExecutionException {
    try {
      run.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  @Override
  public Chapter chapter(Samples samples, Effort effort) {
    Table idle = new Table(WHILE_IDLE, "n", "median ms", "max ms");
    for (Contender contender : effort.choose(IDLE, QUICK_IDLE)) {
      Distribution times = samples.of(WHILE_IDLE, contender, Quantity.TIME);
      idle.add(
          contender.title(),
          Figures.count(times.size()),
          Figures.of(times.median()),
          Figures.of(times.max()));
    }
    Table atWork =
        new Table(IN_MID_STATEMENT, "n", "median ms", "max ms", "worked beside the orphan, ms");
    for (Contender contender : effort.choose(AT_WORK, QUICK_AT_WORK)) {
      Distribution times = samples.of(IN_MID_STATEMENT, contender, Quantity.TIME);
      atWork.add(
          contender.title(),
          Figures.count(times.size()),
          Figures.of(times.median()),
          Figures.of(times.max()),
          Figures.of(samples.of(IN_MID_STATEMENT, contender, Quantity.OVERLAP).median()));
    }
    return new Chapter(
        "Recovery from a kill -9",
        ("From the kill of the holder's process until the one that waits has the lock, or does its"
                + " first work. The statement had %d to %d s left when it lost its client. Never:"
                + " not within %d s after the victim's server process had ended, since the row in"
                + " DATABASECHANGELOGLOCK stays; Liquibase itself gives up after 5 minutes.")
            .formatted(
                REST_OF_STATEMENT.toSeconds(),
                REST_OF_STATEMENT.plus(SPREAD).plus(TO_CONNECT).toSeconds(),
                PATIENCE.toSeconds()),
        List.of(idle, atWork),
        null);
  }
}
