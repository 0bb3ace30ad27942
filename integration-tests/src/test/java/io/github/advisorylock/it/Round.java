package io.github.advisorylock.it;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.LockProbe.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** One round of {@link ChaosIT}: runners start together, one thing goes wrong, all is looked at. */
final class Round {
  /** How much longer than promised a recovery may take before that is an error. */
  static final int FACTOR = 10;

  private static final Duration TO_END = Duration.ofSeconds(30);
  private static final Duration TO_CLEAR_UP = Duration.ofSeconds(10);
  private static final Duration TO_TAKE_OVER =
      Lease.LENGTH.plus(Duration.ofSeconds(2)).multipliedBy(FACTOR);
  private static final int RESTARTS = 3;
  private static final int LINES_OF_LOG = 40;

  private final RoundPlan plan;
  private final Fleet fleet;
  private final Database database;
  private final LockProbe probe;
  private final Ledger ledger;
  private final Runnable restart;
  private final List<Runner> runners;
  private final Map<Runner, TcpProxy> proxies = new LinkedHashMap<>();
  private final List<Runner> stuck = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private String momentOfFault = "";
  private String victim = "";
  private OptionalLong recovery = OptionalLong.empty();

  private Round(RoundPlan plan, Fleet fleet, Database database, Runnable restart) {
    this.plan = plan;
    this.fleet = fleet;
    this.database = database;
    this.probe = new LockProbe(database);
    this.ledger = Ledger.open(database, plan.tool());
    this.restart = restart;
    this.runners = fleet.ready(plan.runners());
  }

  /**
   * Plays it.
   *
   * @param database a fresh one
   * @param restart restarts its server
   */
  static Result play(RoundPlan plan, Fleet fleet, Database database, Runnable restart) {
    return new Round(plan, fleet, database, restart).play();
  }

  private Result play() {
    if (plan.fault().needsProxy()) {
      runners.forEach(runner -> proxies.put(runner, TcpProxy.to(database.address())));
    }
    try {
      if (plan.fault().isWhileAllWait()) {
        faultWhileAllWait();
      } else {
        faultWhileOneWorks();
      }
      awaitEnds();
    } finally {
      proxies.values().forEach(TcpProxy::close);
      runners.stream().filter(runner -> !runner.isDone()).forEach(Runner::kill);
    }
    if (Integer.getInteger("chaos.round") != null) { // somebody wants to know more
      runners.forEach(runner -> System.out.println(runner.dump()));
    }
    List<Runner> failed = runners.stream().filter(runner -> !runner.outcome().ok()).toList();
    List<String> succeeded =
        runners.stream().filter(runner -> runner.outcome().ok()).map(Runner::name).toList();
    checkBystanders(failed);
    checkThreads();
    recovery = recovery();
    checkRecovery();
    checkOnce("by runners that ended well", ledger.appliedBy(succeeded));
    checkNothingLeft();
    fleet.replaceKilled();
    startAgain(failed.size());
    checkResult();
    checkNothingLeft();
    return new Result(plan, momentOfFault.isEmpty(), failed.size(), recovery, violations);
  }

  // --- the fault

  private void faultWhileOneWorks() {
    try (Brake brake = Brake.on(database)) {
      runners.forEach(runner -> runner.carryOut(instructions(runner)));
      brake.awaitStopped();
      probe.awaitUntil(
          () -> !waiters().isEmpty() || runners.stream().anyMatch(Runner::isDone), "one waits");
    }
    awaitMoment();
    probe.awaitUntil(
        () -> !holders().isEmpty() || runners.stream().allMatch(Runner::isDone), "one holds");
    if (plan.fault() == Fault.KILL_WAITER) {
      waiters().stream().findFirst().ifPresent(this::inflict);
    } else {
      holders().stream().findFirst().ifPresent(this::inflict);
    }
  }

  private void faultWhileAllWait() {
    Brake.on(database).close(); // nobody stops there this time
    try (Connection holder = database.connect();
        Statement statement = holder.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(%d)".formatted(LockKey.MIGRATION.value()));
      runners.forEach(runner -> runner.carryOut(instructions(runner)));
      probe.awaitUntil(
          () -> waiters().size() + done() == runners.size() && !waiters().isEmpty(), "all wait");
      awaitMoment();
      momentOfFault = ledger.now();
      restart();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitMoment() {
    long now = System.nanoTime();
    Duration delay = Duration.ofMillis(plan.delayMillis());
    Await.until(() -> System.nanoTime() - now > delay.toNanos(), "the moment has come", () -> "");
  }

  private void inflict(Runner runner) {
    Optional<Session> lock = sessionOf(runner, " holds ");
    Optional<Integer> working =
        ledger
            .workingSession(runner.name())
            .or(
                () ->
                    probe.sessions().stream()
                        .filter(session -> session.application().equals(runner.name()))
                        .map(Session::pid)
                        .findFirst())
            .or(() -> lock.map(Session::pid));
    victim = plan.fault().isRestart() ? "" : runner.name();
    momentOfFault = ledger.now();
    switch (plan.fault()) {
      case KILL_HOLDER, KILL_WAITER -> runner.kill();
      case FREEZE_HOLDER -> {
        runner.signal("STOP");
        awaitTakeOver();
        runner.signal("CONT");
      }
      case TERMINATE_LOCK -> lock.map(Session::pid).ifPresent(this::terminate);
      case TERMINATE_WORK -> working.ifPresent(this::terminate);
      case TERMINATE_BOTH -> {
        lock.map(Session::pid).ifPresent(this::terminate);
        working.ifPresent(this::terminate);
      }
      case CUT_ALL -> proxies.get(runner).cut(port -> true, plan.reset());
      case CUT_ONE ->
          (plan.cutLock() ? lock.map(Session::pid) : working).ifPresent(pid -> cut(runner, pid));
      case SWALLOW -> {
        proxies.get(runner).swallow();
        awaitTakeOver();
      }
      default -> restart();
    }
  }

  private void terminate(int pid) {
    database.list("SELECT pg_terminate_backend(%d)".formatted(pid));
  }

  private void cut(Runner runner, int pid) {
    database
        .list("SELECT client_port FROM pg_stat_activity WHERE pid = " + pid, row -> row.getInt(1))
        .forEach(port -> proxies.get(runner).cut(each -> each == port, plan.reset()));
  }

  private void restart() {
    restart.run();
    database.reconnect();
  }

  private void awaitTakeOver() {
    Await.within(TO_TAKE_OVER, () -> ledger.othersBegan(victim, momentOfFault));
  }

  // --- who is who

  private List<Runner> holders() {
    return runners.stream().filter(runner -> sessionOf(runner, " holds ").isPresent()).toList();
  }

  private List<Runner> waiters() {
    return runners.stream().filter(runner -> sessionOf(runner, " waits for ").isPresent()).toList();
  }

  /** The lock's sessions say of themselves what they do, and for which process. */
  private Optional<Session> sessionOf(Runner runner, String verb) {
    return probe.sessions().stream()
        .filter(session -> session.application().contains(verb))
        .filter(session -> session.application().endsWith(":" + runner.pid() + ")"))
        .findFirst();
  }

  private long done() {
    return runners.stream().filter(Runner::isDone).count();
  }

  private Map<String, String> instructions(Runner runner) {
    TcpProxy proxy = proxies.get(runner);
    String url =
        proxy == null ? database.url(runner.name()) : database.url(runner.name(), proxy.address());
    return instructions(runner, url);
  }

  private Map<String, String> instructions(Runner runner, String url) {
    Map<String, String> all = fleet.instructions(url, database.owner(), plan.transactional());
    String setting = "setting." + plan.tool().settings();
    all.put(setting + "timeout", "1m");
    all.put(setting + "wakeUp", "" + plan.wakeUp());
    all.put(setting + "lease", Lease.LENGTH.toSeconds() + "s");
    if (plan.tool() == Tool.LIQUIBASE && plan.lockConnection()) {
      all.put(setting + "url", url);
      all.put(setting + "user", database.user());
      all.put(setting + "password", database.password());
    }
    String system = "system." + ChaosWork.PREFIX;
    all.put(system + "url", database.url(Database.HARNESS)); // past any proxy
    all.put(system + "user", database.user());
    all.put(system + "password", database.password());
    all.put(system + "runner", runner.name());
    all.put(system + "transactional", "" + plan.transactional());
    all.put(system + "longVersion", "" + plan.longVersion());
    all.put(system + "longSeconds", "" + plan.longSeconds());
    return all;
  }

  // --- after the fault

  /** A runner whose network is silent may wait for an answer for ever, and is killed for that. */
  private void awaitEnds() {
    List<Runner> expected =
        plan.fault() == Fault.SWALLOW
            ? runners.stream().filter(runner -> !runner.name().equals(victim)).toList()
            : runners;
    if (Await.within(TO_END, () -> expected.stream().allMatch(Runner::isDone))) {
      return;
    }
    expected.stream().filter(runner -> !runner.isDone()).forEach(stuck::add);
    String seen = probe.dump();
    violations.add(
        "%s did not end within %d s; the database showed%n%s"
            .formatted(stuck.stream().map(Runner::name).toList(), TO_END.toSeconds(), seen));
    stuck.forEach(runner -> violations.add("stuck: " + endOfLog(runner)));
  }

  private static String endOfLog(Runner runner) {
    List<String> lines = runner.dump().lines().toList();
    return String.join(
        System.lineSeparator(),
        lines.subList(Math.max(0, lines.size() - LINES_OF_LOG), lines.size()));
  }

  /** As an operator would: what failed is started again, and nothing else. */
  private void startAgain(int count) {
    List<Runner> again = fleet.ready(count);
    for (int attempt = 1; attempt <= RESTARTS && !again.isEmpty(); attempt++) {
      if (ledger.needsRepair()) {
        Map<String, String> repair = direct(again.get(0));
        repair.put("command", "repair");
        again.get(0).carryOut(repair);
        Await.within(TO_END, again.get(0)::isDone);
      }
      again.forEach(runner -> runner.carryOut(direct(runner)));
      List<Runner> started = again;
      Await.within(TO_END, () -> started.stream().allMatch(Runner::isDone));
      again = again.stream().filter(runner -> !runner.outcome().ok()).toList();
    }
    for (Runner runner : again) {
      violations.add("started again without a fault, it fails: " + endOfLog(runner));
      runner.kill();
    }
  }

  private Map<String, String> direct(Runner runner) {
    return instructions(runner, database.url(runner.name()));
  }

  // --- what must be so

  /** On a machine that did not run its heartbeat for all of a lease so short: as it should be. */
  private static boolean hasOutlivedItsLease(Runner runner) {
    return runner.outcome().message().contains("57P05"); // idle_session_timeout
  }

  /** Whoever was not hit goes on; only a migration that Flyway calls failed stops everybody. */
  private void checkBystanders(List<Runner> failed) {
    if (plan.fault().isRestart() || ledger.needsRepair()) {
      return;
    }
    failed.stream()
        .filter(runner -> !runner.name().equals(victim))
        .filter(runner -> !stuck.contains(runner)) // said already
        .filter(runner -> !hasOutlivedItsLease(runner))
        .forEach(runner -> violations.add("not hit, yet failed: " + endOfLog(runner)));
  }

  private void checkThreads() {
    runners.stream()
        .filter(runner -> !runner.threadsLeft().isEmpty())
        .forEach(
            runner ->
                violations.add(
                    "%s still has the threads %s".formatted(runner.name(), runner.threadsLeft())));
  }

  private OptionalLong recovery() {
    if (momentOfFault.isEmpty() || plan.fault() == Fault.KILL_WAITER) {
      return OptionalLong.empty();
    }
    return ledger
        .millisToNext(victim, momentOfFault)
        .map(OptionalLong::of)
        .orElseGet(OptionalLong::empty);
  }

  private void checkRecovery() {
    plan.fault()
        .promise()
        .filter(promise -> !momentOfFault.isEmpty())
        .ifPresent(
            promise -> {
              if (recovery.isEmpty()) {
                violations.add("nobody took over");
              } else if (recovery.getAsLong() > promise.toMillis() * FACTOR) {
                violations.add(
                    "another took over after %d ms, promised are %d"
                        .formatted(recovery.getAsLong(), promise.toMillis()));
              }
            });
  }

  private void checkOnce(String what, List<String> versions) {
    if (versions.stream().distinct().count() < versions.size()) {
      violations.add("applied twice %s: %s".formatted(what, versions));
    }
  }

  private void checkNothingLeft() {
    if (!Await.within(
        TO_CLEAR_UP, () -> probe.advisoryLocks().isEmpty() && probe.sessions().isEmpty())) {
      violations.add("%s left behind%n%s".formatted("is", probe.dump()));
    }
  }

  /**
   * A migration without a transaction that was interrupted may have done its work and is done again
   * by the tool, lock or no lock: its work counts once for each runner that ended well, which is
   * looked at before, and the history once in any case. In Liquibase one with a transaction, too:
   * it commits the work first, and then the row of its history.
   */
  private void checkResult() {
    List<String> all =
        IntStream.rangeClosed(1, ChaosWork.MIGRATIONS).mapToObj(Integer::toString).toList();
    ledger.overlaps().forEach(overlap -> violations.add("two at work: " + overlap));
    ledger.begunAgain().forEach(again -> violations.add("begun again: " + again));
    List<String> applied = ledger.applied();
    boolean workAndHistoryAreOne = plan.transactional() && plan.tool() == Tool.FLYWAY;
    if (workAndHistoryAreOne ? !applied.equals(all) : !applied.containsAll(all)) {
      violations.add("applied are %s".formatted(applied));
    }
    ledger.appliedInVain().forEach(vain -> violations.add("applied in vain: " + vain));
    List<String> history = ledger.history();
    if (!history.equals(all)) {
      violations.add("in the history are %s".formatted(history));
    }
    if (!violations.isEmpty()) {
      violations.add(
          "the fault came at %s to %s; all work was%n%s"
              .formatted(momentOfFault, victim.isEmpty() ? "the server" : victim, ledger.dump()));
    }
  }

  /**
   * How it went.
   *
   * @param missed whether everything was over before the fault
   * @param failed how many runners failed or were killed
   * @param recovery milliseconds from the fault to when another began to work, if another did
   * @param violations of what must be so, in words
   */
  record Result(
      RoundPlan plan, boolean missed, int failed, OptionalLong recovery, List<String> violations) {

    /** A round that could not be played to its end. */
    static Result broken(RoundPlan plan, Throwable cause) {
      return new Result(
          plan, false, 0, OptionalLong.empty(), List.of("not played to its end: " + cause));
    }

    /** Whether it took longer than promised, be it within the factor that is allowed for. */
    boolean exceedsPromise() {
      return recovery.isPresent()
          && plan.fault()
              .promise()
              .filter(promise -> recovery.getAsLong() > promise.toMillis())
              .isPresent();
    }
  }
}
