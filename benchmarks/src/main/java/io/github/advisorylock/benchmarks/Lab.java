package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Database;
import io.github.advisorylock.demo.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Where it is measured: a server, and the JVMs of the contenders. */
final class Lab implements AutoCloseable {

  /** Two hundred waiters, or fifty replicas with up to four sessions each, and room for others. */
  private static final int CONNECTIONS = 400;

  // As small servers have it, and the least that the other JVMs notice.
  private static final String GARBAGE_COLLECTOR = "-XX:+UseSerialGC";
  private static final String NO_ANALYTICS = "-Dliquibase.analytics.enabled=false";

  // In seconds, instead of 10: nobody waits that long to see whether the benchmarks work.
  private static final String QUICK_POLL_RATE = "-Dliquibase.changelogLockPollRate=1";

  private final Server server;
  private final Effort effort;
  private final Path logs;
  private final Consumer<String> progress;
  private final Map<Contender, ContenderJvm> jvms = new EnumMap<>(Contender.class);
  private final AtomicInteger started = new AtomicInteger();
  private int databases;

  private Lab(Server server, Effort effort, Path logs, Consumer<String> progress) {
    this.server = server;
    this.effort = effort;
    this.logs = logs;
    this.progress = progress;
  }

  /**
   * Opens it.
   *
   * @param logs a folder for what the contenders log
   * @param progress hears how it goes
   */
  static Lab open(Effort effort, Path logs, Consumer<String> progress) throws IOException {
    return new Lab(Server.start(CONNECTIONS), effort, logs, progress);
  }

  String serverVersion() {
    return server.version();
  }

  Effort effort() {
    return effort;
  }

  void progress(String line) {
    progress.accept(line);
  }

  /** The JVM of a contender, which stays. */
  synchronized ContenderJvm jvm(Contender contender) {
    return jvms.computeIfAbsent(contender, this::newJvm);
  }

  /** One that is the caller's to close. */
  ContenderJvm newJvm(Contender contender) {
    List<String> options = new ArrayList<>(List.of(GARBAGE_COLLECTOR, NO_ANALYTICS));
    options.addAll(effort.choose(List.of(), List.of(QUICK_POLL_RATE)));
    String log = "%s-%d.log".formatted(contender, started.incrementAndGet());
    return ContenderJvm.start(contender, options, logs.resolve(log));
  }

  synchronized Database newDatabase() {
    databases++;
    return server.createDatabase("bench " + databases);
  }

  List<Database> newDatabases(int count) {
    return IntStream.range(0, count).mapToObj(i -> newDatabase()).toList();
  }

  void drop(Database database) {
    server.dropDatabase(database);
  }

  @Override
  public void close() throws IOException {
    jvms.values().forEach(ContenderJvm::close);
    server.close();
  }
}
