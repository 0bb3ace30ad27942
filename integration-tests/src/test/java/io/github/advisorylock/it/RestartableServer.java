package io.github.advisorylock.it;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An embedded PostgreSQL beside that of the other tests, which nobody but its owner misses while it
 * restarts.
 */
final class RestartableServer implements AutoCloseable {
  private static final long SECONDS_TO_RESTART = 60;

  private final EmbeddedPostgres postgres;
  private final Server server;
  private final Path dataFolder;
  private final Path programs;

  private RestartableServer(EmbeddedPostgres postgres, Server server) {
    this.postgres = postgres;
    this.server = server;
    try (Database database = server.freshDatabase()) {
      dataFolder = Path.of(database.list("SHOW data_directory").get(0));
      programs =
          Path.of(database.list("SELECT setting FROM pg_config WHERE name = 'BINDIR'").get(0));
    }
  }

  static RestartableServer start() {
    try {
      EmbeddedPostgres postgres =
          EmbeddedPostgres.builder()
              .setServerConfig("max_connections", "300")
              // Off by default here, and then an immediate restart forgets what was committed.
              .setServerConfig("synchronous_commit", "on")
              .start();
      JdbcUrl url =
          JdbcUrl.parse("jdbc:postgresql://localhost:%d/postgres".formatted(postgres.getPort()));
      return new RestartableServer(postgres, new Server(url, new Login("postgres", "postgres")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Server server() {
    return server;
  }

  /**
   * Returns once it takes connections again.
   *
   * @param immediate as if it had crashed; otherwise it ends every session in an orderly way
   */
  void restart(boolean immediate) {
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      command.addAll(List.of("unshare", "-U")); // PostgreSQL refuses root
    }
    command.addAll(
        List.of(
            programs.resolve("pg_ctl").toString(),
            "restart",
            "-w",
            "-m",
            immediate ? "immediate" : "fast",
            "-D",
            dataFolder.toString()));
    // The server inherits the output, and an open pipe would look like a restart without end.
    File log = dataFolder.resolve("restart.log").toFile();
    try {
      Process restart =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
              .start();
      if (!restart.waitFor(SECONDS_TO_RESTART, TimeUnit.SECONDS) || restart.exitValue() != 0) {
        throw new IllegalStateException("The server did not restart: see " + log);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Restarts it as a standby that has a primary nowhere, and never will. */
  void restartAsStandby() {
    try {
      Files.createFile(dataFolder.resolve("standby.signal"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    restart(false);
  }

  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
