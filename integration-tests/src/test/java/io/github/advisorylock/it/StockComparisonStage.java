package io.github.advisorylock.it;

import com.mchange.v2.c3p0.ComboPooledDataSource;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.tomcat.jdbc.pool.PoolProperties;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * What a program of the stock comparison has to work with. Pools and connections that it opens here
 * stay open until their state has been observed.
 */
final class StockComparisonStage {
  /** Enough for each tool and its lock. */
  private static final int POOL_SIZE = 5;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String url;
  private final Login login;
  private final Path folder;
  private final List<DataSource> pools = new ArrayList<>();
  private final List<Connection> connections = new ArrayList<>();
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<String> output = new ArrayList<>();

  StockComparisonStage(String url, Login login, Path folder) {
    this.url = url;
    this.login = login;
    this.folder = folder;
  }

  String url() {
    return url;
  }

  String user() {
    return login.user();
  }

  String password() {
    return login.password();
  }

  /** Where the files of the case are. */
  Path folder() {
    return folder;
  }

  /** Notes something that has to be the same with and without the jars. */
  synchronized void note(Object value) {
    String.valueOf(value).lines().forEach(output::add);
  }

  /** A connection of the caller's own, whose state is observed at the end. */
  synchronized Connection connect() throws SQLException {
    Connection connection = DriverManager.getConnection(url, user(), password());
    connections.add(connection);
    owned.add(connection);
    return connection;
  }

  /** A data source without a pool. */
  DataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(url);
    dataSource.setUser(user());
    dataSource.setPassword(password());
    return dataSource;
  }

  DataSource hikari(Consumer<HikariConfig> settings) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user());
    config.setPassword(password());
    config.setMaximumPoolSize(POOL_SIZE);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(PATIENCE.toMillis());
    config.setInitializationFailTimeout(-1);
    settings.accept(config);
    HikariDataSource pool = new HikariDataSource(config);
    return pool(pool, pool);
  }

  DataSource tomcat(Consumer<PoolProperties> settings) {
    PoolProperties config = new PoolProperties();
    config.setDriverClassName(org.postgresql.Driver.class.getName());
    config.setUrl(url);
    config.setUsername(user());
    config.setPassword(password());
    config.setMaxActive(POOL_SIZE);
    config.setInitialSize(0);
    config.setMinIdle(0);
    config.setMaxWait((int) PATIENCE.toMillis());
    settings.accept(config);
    org.apache.tomcat.jdbc.pool.DataSource pool =
        new org.apache.tomcat.jdbc.pool.DataSource(config);
    return pool(pool, () -> pool.close(true));
  }

  DataSource dbcp2(Consumer<BasicDataSource> settings) {
    BasicDataSource pool = new BasicDataSource();
    pool.setUrl(url);
    pool.setUsername(user());
    pool.setPassword(password());
    pool.setMaxTotal(POOL_SIZE);
    pool.setMaxWait(PATIENCE);
    settings.accept(pool);
    return pool(pool, pool);
  }

  DataSource c3p0(Consumer<ComboPooledDataSource> settings) {
    ComboPooledDataSource pool = new ComboPooledDataSource();
    pool.setJdbcUrl(url);
    pool.setUser(user());
    pool.setPassword(password());
    pool.setInitialPoolSize(0);
    pool.setMinPoolSize(0);
    pool.setMaxPoolSize(POOL_SIZE);
    pool.setCheckoutTimeout((int) PATIENCE.toMillis());
    settings.accept(pool);
    return pool(pool, pool);
  }

  /** Any other pool. */
  synchronized DataSource pool(DataSource pool, AutoCloseable end) {
    pools.add(pool);
    owned.add(end);
    return pool;
  }

  List<DataSource> pools() {
    return pools;
  }

  List<Connection> connections() {
    return connections;
  }

  /** Whether sessions may rightly be left until {@link #end}. */
  boolean ownsSessions() {
    return !owned.isEmpty();
  }

  List<String> output() {
    return output;
  }

  /** Closes all pools and connections. */
  void end() throws Exception {
    for (AutoCloseable closeable : owned) {
      closeable.close();
    }
  }
}
