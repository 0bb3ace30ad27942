package io.github.advisorylock.it;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.PostgreSQLContainer;

/**
 * The one real PostgreSQL of the test JVM, started on first use and stopped with the JVM.
 *
 * <ul>
 *   <li>by default the embedded binaries, with password authentication switched on;
 *   <li>{@code -Dpostgres.testcontainers=true}: a container, {@code -Dpostgres.image} picks which;
 *   <li>{@code -Dpostgres.url=jdbc:postgresql://…} with {@code -Dpostgres.user} and {@code
 *       -Dpostgres.password}: that server, as a superuser.
 * </ul>
 */
final class Server {
  private static final Map<String, String> SETTINGS =
      Map.of("max_connections", "300", "max_prepared_transactions", "10");

  private final JdbcUrl url;
  private final Login admin;

  Server(JdbcUrl url, Login admin) {
    this.url = url;
    this.admin = admin;
  }

  static Server get() {
    return Holder.SERVER;
  }

  /** Whether this JVM starts its servers itself, and so may start one more. */
  static boolean isEmbedded() {
    return System.getProperty("postgres.url", "").isEmpty()
        && !Boolean.getBoolean("postgres.testcontainers");
  }

  /** An embedded server besides, for what would disturb every other test; ends with the JVM. */
  static Server another(Map<String, String> settings) {
    return embedded(EmbeddedPostgres.builder(), settings);
  }

  /** The same of another release, from the jar with its binaries. */
  static Server of(Path binaries) {
    return embedded(
        EmbeddedPostgres.builder().setPgBinaryResolver((system, hardware) -> archive(binaries)),
        SETTINGS);
  }

  private static InputStream archive(Path binaries) throws IOException {
    try (ZipFile jar = new ZipFile(binaries.toFile())) {
      ZipEntry archive =
          jar.stream()
              .filter(entry -> entry.getName().endsWith(".txz"))
              .findFirst()
              .orElseThrow(() -> new IOException("There is no server in " + binaries));
      return new ByteArrayInputStream(jar.getInputStream(archive).readAllBytes());
    }
  }

  /** Creates a database of its own for one test, which drops it by closing it. */
  Database freshDatabase() {
    return database("CREATE DATABASE %s");
  }

  /** The same in another encoding than UTF8. */
  Database freshDatabase(String encoding) {
    return database(
        "CREATE DATABASE %s TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING '"
            + encoding
            + "'");
  }

  private Database database(String create) {
    String name = "it_" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);
    execute(create.formatted(name));
    return new Database(this, name, url.withDatabase(name), admin);
  }

  /** Runs statements in the maintenance database, as the administrator. */
  void execute(String... statements) {
    try (Connection connection =
            DriverManager.getConnection(url.toString(), admin.user(), admin.password());
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Server start() {
    String given = System.getProperty("postgres.url", "");
    if (!given.isEmpty()) {
      return new Server(
          JdbcUrl.parse(given),
          new Login(
              System.getProperty("postgres.user", "postgres"),
              System.getProperty("postgres.password", "")));
    }
    return Boolean.getBoolean("postgres.testcontainers")
        ? container()
        : embedded(EmbeddedPostgres.builder(), SETTINGS);
  }

  private static Server embedded(EmbeddedPostgres.Builder builder, Map<String, String> settings) {
    settings.forEach(builder::setServerConfig);
    EmbeddedPostgres postgres;
    try {
      postgres = builder.start();
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(
          "The embedded PostgreSQL did not start. "
              + ("root".equals(System.getProperty("user.name"))
                  ? "It refuses to run as root where `unshare -U` is not allowed: run the tests as"
                      + " an ordinary user, or give -Dpostgres.url."
                  : "Its own message is on standard error; -Dpostgres.url uses another server."),
          e);
    }
    JdbcUrl url =
        JdbcUrl.parse("jdbc:postgresql://localhost:%d/postgres".formatted(postgres.getPort()));
    Server server = new Server(url, new Login("postgres", "postgres"));
    server.askForPasswords(postgres);
    return server;
  }

  /** The embedded server trusts everybody, and no wrong password could ever fail. */
  private void askForPasswords(EmbeddedPostgres postgres) {
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER ROLE postgres PASSWORD 'postgres'");
      statement.execute(
          """
          DO $$ BEGIN EXECUTE format(
            'COPY (VALUES (''local all all trust''), (''host all all all scram-sha-256'')) TO %L',
            current_setting('hba_file')); END $$""");
      statement.execute("SELECT pg_reload_conf()");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    Await.until(
        this::refusesWrongPassword, "the embedded server asks for passwords", () -> "" + url);
  }

  private boolean refusesWrongPassword() {
    try (Connection connection = DriverManager.getConnection(url.toString(), "postgres", "wrong")) {
      return connection.isClosed();
    } catch (SQLException e) {
      return "28P01".equals(e.getSQLState());
    }
  }

  private static Server container() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      throw new IllegalStateException(
          "-Dpostgres.testcontainers=true needs a Docker engine, and none answers. Without that"
              + " property the tests run on an embedded PostgreSQL.");
    }
    PostgreSQLContainer<?> container =
        new PostgreSQLContainer<>(System.getProperty("postgres.image", "postgres:18"));
    container.setCommand(
        SETTINGS.entrySet().stream()
            .map(setting -> " -c " + setting.getKey() + "=" + setting.getValue())
            .reduce("postgres", String::concat));
    container.start();
    return new Server(
        JdbcUrl.parse(container.getJdbcUrl()),
        new Login(container.getUsername(), container.getPassword()));
  }

  private static final class Holder {
    static final Server SERVER = start();
  }
}
