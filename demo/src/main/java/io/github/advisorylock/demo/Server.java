package io.github.advisorylock.demo;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.util.Locale;

/** A real PostgreSQL in a temporary folder, for as long as this process needs it. */
public final class Server implements AutoCloseable {

  /** The superuser, who needs no password. */
  public static final String USER = "postgres";

  private final EmbeddedPostgres postgres;
  private final Database maintenance;

  private Server(EmbeddedPostgres postgres) {
    this.postgres = postgres;
    this.maintenance = new Database("postgres", url("postgres"));
  }

  /**
   * Starts it.
   *
   * @param connections the most at a time
   * @return the server, accepting connections
   * @throws IOException if it does not start; the message says what helps
   */
  public static Server start(int connections) throws IOException {
    try {
      Server server =
          new Server(
              EmbeddedPostgres.builder()
                  .setServerConfig("max_connections", Integer.toString(connections))
                  .start());
      server.maintenance.execute("CREATE ROLE reporting");
      return server;
    } catch (IOException | RuntimeException e) {
      boolean root = "root".equals(System.getProperty("user.name"));
      throw new IOException(
          "The embedded PostgreSQL did not start: %s.%s"
              .formatted(
                  e.getMessage(),
                  root
                      ? " As root it needs `unshare -U`, which many containers deny: be an ordinary"
                          + " user."
                      : ""),
          e);
    }
  }

  /**
   * What the server says of itself.
   *
   * @return such as {@code PostgreSQL 18.6}
   */
  public String version() {
    return "PostgreSQL "
        + maintenance.query("SHOW server_version", row -> row.getString(1)).get(0).split(" ", 2)[0];
  }

  /**
   * A database that nobody has migrated yet, but for the table that migrations report to.
   *
   * @param title its name, in words
   * @return the database
   */
  public Database createDatabase(String title) {
    String name = title.toLowerCase(Locale.ROOT).replace(' ', '_');
    maintenance.execute("CREATE DATABASE " + name);
    Database database = new Database(name, url(name));
    database.execute(
        "CREATE SCHEMA demo",
        """
        CREATE TABLE demo.work (
          mark text NOT NULL, -- begin or end
          step text NOT NULL,
          replica int NOT NULL DEFAULT current_setting('demo.replica')::int,
          session int NOT NULL DEFAULT pg_backend_pid(),
          at timestamptz NOT NULL DEFAULT clock_timestamp())""");
    return database;
  }

  /**
   * Drops it, whoever is still there.
   *
   * @param database one that was created here
   */
  public void dropDatabase(Database database) {
    maintenance.execute("DROP DATABASE " + database.name() + " WITH (FORCE)");
  }

  private String url(String database) {
    return "jdbc:postgresql://localhost:%d/%s".formatted(postgres.getPort(), database);
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}
