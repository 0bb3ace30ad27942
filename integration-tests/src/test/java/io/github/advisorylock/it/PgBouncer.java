package io.github.advisorylock.it;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real PgBouncer in front of the server of one database. Tests that need it are skipped where
 * there is none; {@code -Dpgbouncer.binary=/path} says where it is.
 */
final class PgBouncer implements AutoCloseable {

  /** When a client gives its server session back. */
  enum Mode {
    SESSION,
    TRANSACTION
  }

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String HOST = LOOPBACK.getHostAddress();
  private static final int MOST_STARTS = 5;

  private final Mode mode;
  private final int port;
  private final Path configuration;
  private final Process process;
  private final List<String> log = new CopyOnWriteArrayList<>();

  private PgBouncer(Mode mode, int port, Path configuration, Process process) {
    this.mode = mode;
    this.port = port;
    this.configuration = configuration;
    this.process = process;
    Replica.readLines(process.getInputStream(), log::add, () -> {});
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  /**
   * Starts one with at most {@code poolSize} sessions on the server, or skips the test where there
   * is no PgBouncer.
   */
  static PgBouncer start(Database database, Mode mode, int poolSize) {
    Path binary = binary();
    for (int start = 1; ; start++) {
      PgBouncer started = startOnce(binary, database, mode, poolSize);
      if (started.isAnswering()) {
        return started;
      }
      started.close();
      if (start == MOST_STARTS) {
        throw new IllegalStateException("PgBouncer did not start: " + started.dump());
      }
    }
  }

  private static Path binary() {
    Optional<Path> found =
        candidates()
            .map(Path::of)
            .filter(Files::isRegularFile)
            .filter(Files::isExecutable)
            .findFirst();
    assumeThat(found)
        .as("PgBouncer: apt-get install pgbouncer, or -Dpgbouncer.binary=/path/to/pgbouncer")
        .isPresent();
    return found.orElseThrow();
  }

  private static Stream<String> candidates() {
    String given = System.getProperty("pgbouncer.binary", "");
    if (!given.isEmpty()) {
      return Stream.of(given);
    }
    // Debian has it in /usr/sbin, which an ordinary user may not have on the PATH.
    return Stream.concat(
            Stream.of(System.getenv().getOrDefault("PATH", "").split(":")),
            Stream.of("/usr/sbin", "/usr/bin"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> folder + "/pgbouncer");
  }

  private static PgBouncer startOnce(Path binary, Database database, Mode mode, int poolSize) {
    try {
      int port = freePort();
      // Readable for the user that PgBouncer becomes, too.
      Path configuration =
          Files.createTempFile(
              "pgbouncer-",
              ".ini",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
      Files.writeString(configuration, configuration(database, mode, poolSize, port));
      List<String> line = new ArrayList<>(List.of(binary.toString()));
      if ("root".equals(System.getProperty("user.name"))) {
        line.addAll(List.of("-u", "nobody")); // it refuses to stay root
      }
      line.add(configuration.toString());
      return new PgBouncer(
          mode, port, configuration, new ProcessBuilder(line).redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** It takes no port 0; another process may take this one first, hence the further starts. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /**
   * Whoever comes is the owner of the database, whose password PgBouncer knows. Round robin is the
   * most hostile order: each transaction of a client gets another session. With the buffers of 4096
   * bytes that it has by default, PgBouncer 1.18 now and then stops reading from a PostgreSQL 18,
   * in mid-answer and for ever; larger ones have not been seen to.
   */
  private static String configuration(Database database, Mode mode, int poolSize, int port) {
    JdbcUrl server = JdbcUrl.parse(database.url());
    return """
    [databases]
    * = host=%s port=%d user=%s password=%s
    [pgbouncer]
    listen_addr = %s
    listen_port = %d
    unix_socket_dir =
    auth_type = any
    pool_mode = %s
    default_pool_size = %d
    max_client_conn = 500
    server_round_robin = 1
    ignore_startup_parameters = extra_float_digits
    query_wait_timeout = 30
    pkt_buf = 65536
    """
        .formatted(
            server.host(),
            server.port(),
            quoted(database.user()),
            quoted(database.password()),
            HOST,
            port,
            mode.name().toLowerCase(Locale.ROOT),
            poolSize);
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private boolean isAnswering() {
    Await.until(() -> !process.isAlive() || acceptsConnections(), "PgBouncer answers", this::dump);
    return process.isAlive();
  }

  private boolean acceptsConnections() {
    try (Socket socket = new Socket(LOOPBACK, port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The database behind it, as users have to write it. Transaction pooling before PgBouncer 1.21
   * knows no prepared statements, and the driver has to be told so: its COMMIT is one from the
   * first use on.
   */
  String url(Database database) {
    JdbcUrl url = throughThis(database);
    return (mode == Mode.TRANSACTION ? url.with("prepareThreshold", "0") : url).toString();
  }

  /** The same with nothing said to the driver. */
  String urlWithoutSettings(Database database) {
    return throughThis(database).toString();
  }

  private JdbcUrl throughThis(Database database) {
    return JdbcUrl.parse(database.url()).withServer(HOST, port);
  }

  /** How many connections clients have opened so far. */
  long logins() {
    return log.stream().filter(line -> line.contains("login attempt")).count();
  }

  /** State and log, for failure messages. */
  String dump() {
    return "PgBouncer on port %d, %s pooling (%s)%n%s"
        .formatted(
            port,
            mode.name().toLowerCase(Locale.ROOT),
            process.isAlive() ? "alive" : "exit status " + process.exitValue(),
            String.join(System.lineSeparator(), log));
  }

  /** Ends it, and with it its sessions on the server. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("Did not end: " + dump());
      }
      Files.delete(configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
