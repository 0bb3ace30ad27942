package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runners of one tool, used again as long as they live, since a JVM takes a second to start. */
final class Fleet implements AutoCloseable {
  private final Tool tool;
  private final Map<Boolean, Path> folders = new LinkedHashMap<>();
  private final List<Runner> runners = new ArrayList<>();
  private int started;

  Fleet(Tool tool) {
    this.tool = tool;
    for (boolean transactional : new boolean[] {true, false}) {
      try {
        Path folder = Files.createTempDirectory("chaos-");
        if (tool == Tool.LIQUIBASE) {
          ChaosChange.writeTo(folder, transactional);
        }
        folders.put(transactional, folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** So many that are ready and have nothing to do; those that were killed are replaced. */
  List<Runner> ready(int count) {
    replaceKilled(count);
    List<Runner> ready = List.copyOf(runners.subList(0, count));
    ready.forEach(Runner::awaitReady);
    return ready;
  }

  /** Returns at once, so that new ones start while something else happens. */
  void replaceKilled() {
    replaceKilled(runners.size());
  }

  private void replaceKilled(int count) {
    runners.removeIf(runner -> !runner.isAlive());
    while (runners.size() < count) {
      String name = "%s-%d".formatted(tool.adapter(), ++started);
      runners.add(
          Runner.start(
              name,
              tool,
              instructions("jdbc:postgresql://localhost/nowhere", new Login("", ""), true)));
    }
  }

  /** What every order of a round says. */
  Map<String, String> instructions(String url, Login login, boolean transactional) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("tool", tool.name());
    all.put("chaos", "true");
    all.put("command", tool.migrateCommand());
    all.put("url", url);
    all.put("user", login.user());
    all.put("password", login.password());
    all.put("migrations", folders.get(transactional).toString());
    all.put("pool", "0");
    return all;
  }

  @Override
  public void close() {
    runners.forEach(Runner::close);
    for (Path folder : folders.values()) {
      try {
        Files.deleteIfExists(folder.resolve(ChaosChange.CHANGELOG));
        Files.delete(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
