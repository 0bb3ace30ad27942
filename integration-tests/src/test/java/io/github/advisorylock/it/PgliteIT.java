package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LockUnavailableException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PGlite behind its socket, where all clients have one session. Skipped without {@code
 * -Dpglite.server=/path/to/node_modules/.bin/pglite-server}, which is in the npm package
 * pglite-socket of electric-sql.
 */
class PgliteIT {

  @TempDir Path folder;
  private int port;
  private Process server;

  @BeforeEach
  void start() throws IOException {
    String binary = System.getProperty("pglite.server", "");
    assumeThat(binary)
        .as("-Dpglite.server: npm install @electric-sql/pglite @electric-sql/pglite-socket")
        .isNotEmpty();
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    server =
        new ProcessBuilder(binary, "--port=" + port, "--host=127.0.0.1", "-m", "5")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("pglite.log").toFile())
            .start();
    Await.until(this::isAnswering, "PGlite answers", () -> "alive: " + server.isAlive());
  }

  @AfterEach
  void end() throws InterruptedException {
    if (server != null) {
      server.destroyForcibly().waitFor();
    }
  }

  private boolean isAnswering() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/postgres?sslmode=disable&socketTimeout=60".formatted(port),
        "postgres",
        "postgres");
  }

  private static void assertRefused(LockSession session) {
    AdvisoryLock lock = new AdvisoryLock(LockKey.MIGRATION, LockStage.ONCE, LockListener.NONE);

    assertThatExceptionOfType(LockUnavailableException.class)
        .isThrownBy(() -> lock.acquire(session))
        .withMessageContaining("one session")
        .withMessageContaining("active=false");
  }

  @Test
  void shouldBeRefusedOnADedicatedSession() {
    assertRefused(LockSession.dedicated(this::connect, LockStage.NAME));
  }

  @Test
  void shouldBeRefusedOnABorrowedSession() throws SQLException {
    try (Connection connection = connect()) {
      assertRefused(LockStage.borrowed(connection));
    }
  }
}
