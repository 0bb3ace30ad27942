package io.github.advisorylock.benchmarks;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A contender's JVM as the benchmarks see it. It stays for many orders, so that contenders can take
 * turns and yet be warm.
 */
final class ContenderJvm implements AutoCloseable {

  /** Twice as long as Liquibase waits, which is the longest that any contender does. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Contender contender;
  private final Process process;
  private final ObjectOutputStream orders;
  private final ExecutorService conversation;
  private @Nullable ObjectInputStream replies;

  private ContenderJvm(Contender contender, Process process) throws IOException {
    this.contender = contender;
    this.process = process;
    this.orders = new ObjectOutputStream(process.getOutputStream());
    this.orders.flush();
    this.conversation =
        Executors.newSingleThreadExecutor(task -> daemon(task, "replies of " + contender));
  }

  /**
   * Starts one.
   *
   * @param options of the JVM
   * @param log where its standard error goes
   */
  static ContenderJvm start(Contender contender, List<String> options, Path log) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", contender.classPath()));
    command.addAll(List.of(ContenderMain.class.getName(), contender.name()));
    ProcessBuilder builder = new ProcessBuilder(command);
    // Whoever runs the benchmarks may have set up either tool for something else.
    builder.environment().keySet().removeIf(name -> name.matches("(FLYWAY|LIQUIBASE)_.*"));
    builder.redirectError(ProcessBuilder.Redirect.to(log.toFile()));
    try {
      return new ContenderJvm(contender, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Carries it out, and waits for that. */
  <R extends Serializable> R carryOut(Order<R> order) {
    return send(order).join();
  }

  /**
   * Begins to carry it out; orders queue up.
   *
   * @return completes with the reply; exceptionally if there is none since the process has ended
   */
  @SuppressWarnings("unchecked") // what an order asks for is what comes back
  <R extends Serializable> CompletableFuture<R> send(Order<R> order) {
    try {
      orders.writeObject(order);
      orders.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return CompletableFuture.supplyAsync(() -> (R) nextReply(), conversation)
        .orTimeout(PATIENCE.toMinutes(), TimeUnit.MINUTES);
  }

  private Serializable nextReply() {
    Reply reply;
    try {
      if (replies == null) { // not earlier, since it waits for the first bytes
        replies = new ObjectInputStream(process.getInputStream());
      }
      reply = (Reply) replies.readObject();
    } catch (IOException e) {
      throw new UncheckedIOException(contender + " has ended", e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
    if (reply.result() == null) {
      throw new IllegalStateException(contender + ": " + reply.failure());
    }
    return reply.result();
  }

  /** Ends it with kill -9. */
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
    conversation.shutdown();
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
