package io.github.advisorylock.it;

import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A database of its own for one test. Questions go over one autocommit connection of the harness,
 * which holds no transaction and no snapshot between them.
 */
final class Database implements AutoCloseable {
  /** The application_name of the harness's own sessions. */
  static final String HARNESS = "harness";

  private final Server server;
  private final String name;
  private final JdbcUrl url;
  private final Login owner;
  private final List<Login> logins = new ArrayList<>();
  private Connection connection;

  Database(Server server, String name, JdbcUrl url, Login owner) {
    this.server = server;
    this.name = name;
    this.url = url;
    this.owner = owner;
    this.connection = connect();
  }

  String name() {
    return name;
  }

  String url() {
    return url.toString();
  }

  /** The URL for sessions that show {@code applicationName} in pg_stat_activity. */
  String url(String applicationName) {
    return url.with("ApplicationName", applicationName).toString();
  }

  String user() {
    return owner.user();
  }

  String password() {
    return owner.password();
  }

  Login owner() {
    return owner;
  }

  DataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(url());
    dataSource.setUser(owner.user());
    dataSource.setPassword(owner.password());
    return dataSource;
  }

  /** A new session of the harness, which {@link LockProbe#sessions()} leaves out. */
  Connection connect() {
    return connect(owner);
  }

  /** The same as another role. */
  Connection connect(Login login) {
    try {
      return DriverManager.getConnection(url(HARNESS), login.user(), login.password());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Creates a role that may log in and has no other rights than {@code grants}, in which {@code
   * :role} stands for its name: {@code createLogin("GRANT CREATE ON SCHEMA public TO :role")}.
   */
  Login createLogin(String... grants) {
    Login login = new Login("%s_role%d".formatted(name, logins.size() + 1), "secret");
    execute("CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(login.user(), login.password()));
    logins.add(login);
    for (String grant : grants) {
      execute(grant.replace(":role", login.user()));
    }
    return login;
  }

  /** Questions go on after a restart of the server, which has ended the harness's sessions, too. */
  synchronized void reconnect() {
    connection = connect();
  }

  /** Where the server is, for a proxy before it. */
  InetSocketAddress address() {
    return url.address();
  }

  /** The same as {@link #url(String)}, by another way, such as a proxy. */
  String url(String applicationName, InetSocketAddress way) {
    return url.via(way).with("ApplicationName", applicationName).toString();
  }

  synchronized void execute(String... statements) {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The number in the only row and column of a query such as {@code SELECT count(*) …}. */
  long count(String query) {
    List<Long> rows = list(query, row -> row.getLong(1));
    if (rows.size() != 1) {
      throw new IllegalArgumentException(rows.size() + " rows instead of one: " + query);
    }
    return rows.get(0);
  }

  /** The first column, as text. */
  List<String> list(String query) {
    return list(query, row -> String.valueOf(row.getString(1)));
  }

  synchronized <T> List<T> list(String query, RowMapper<T> mapper) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<T> list = new ArrayList<>();
      while (rows.next()) {
        list.add(mapper.map(rows));
      }
      return list;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Drops the database, its remaining sessions and the roles made for it. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    } finally {
      server.execute("DROP DATABASE %s WITH (FORCE)".formatted(name));
      logins.forEach(login -> server.execute("DROP ROLE " + login.user()));
    }
  }

  /** Reads one row. */
  interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }
}
