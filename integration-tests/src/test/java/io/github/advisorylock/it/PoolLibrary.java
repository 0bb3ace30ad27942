package io.github.advisorylock.it;

import com.mchange.v2.c3p0.ComboPooledDataSource;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.beans.PropertyVetoException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.tomcat.jdbc.pool.PoolProperties;

/** The pools that a replica can be told to use; each opens its first connection on demand. */
enum PoolLibrary {
  HIKARI("HikariCP") {
    @Override
    Pool open(Map<String, String> instructions) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(instructions.get(URL));
      config.setUsername(instructions.get(USER));
      config.setPassword(instructions.get(PASSWORD));
      config.setMaximumPoolSize(size(instructions));
      config.setMinimumIdle(0);
      config.setInitializationFailTimeout(-1);
      config.setConnectionTimeout(PATIENCE.toMillis());
      HikariDataSource pool = new HikariDataSource(config);
      return new Pool(pool, () -> pool.getHikariPoolMXBean().getActiveConnections(), pool);
    }
  },

  TOMCAT("Tomcat JDBC") {
    @Override
    Pool open(Map<String, String> instructions) {
      PoolProperties config = new PoolProperties();
      config.setDriverClassName(org.postgresql.Driver.class.getName());
      config.setUrl(instructions.get(URL));
      config.setUsername(instructions.get(USER));
      config.setPassword(instructions.get(PASSWORD));
      config.setMaxActive(size(instructions));
      config.setInitialSize(0);
      config.setMinIdle(0);
      config.setMaxWait((int) PATIENCE.toMillis());
      org.apache.tomcat.jdbc.pool.DataSource pool =
          new org.apache.tomcat.jdbc.pool.DataSource(config);
      return new Pool(pool, pool::getActive, () -> pool.close(true));
    }
  },

  DBCP2("DBCP2") {
    @Override
    Pool open(Map<String, String> instructions) {
      BasicDataSource pool = new BasicDataSource();
      pool.setUrl(instructions.get(URL));
      pool.setUsername(instructions.get(USER));
      pool.setPassword(instructions.get(PASSWORD));
      pool.setMaxTotal(size(instructions));
      pool.setMaxWait(PATIENCE);
      return new Pool(pool, pool::getNumActive, pool);
    }
  },

  C3P0("c3p0") {
    @Override
    Pool open(Map<String, String> instructions) throws PropertyVetoException {
      ComboPooledDataSource pool = new ComboPooledDataSource();
      pool.setDriverClass(org.postgresql.Driver.class.getName());
      pool.setJdbcUrl(instructions.get(URL));
      pool.setUser(instructions.get(USER));
      pool.setPassword(instructions.get(PASSWORD));
      pool.setInitialPoolSize(0);
      pool.setMinPoolSize(0);
      pool.setMaxPoolSize(size(instructions));
      pool.setCheckoutTimeout((int) PATIENCE.toMillis());
      return new Pool(pool, () -> busyFromNowOn(pool), pool);
    }
  };

  private static final String URL = "url";
  private static final String USER = "user";
  private static final String PASSWORD = "password";
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration A_MOMENT = Duration.ofSeconds(2);

  private final String title;

  PoolLibrary(String title) {
    this.title = title;
  }

  /** As its makers call it. */
  String title() {
    return title;
  }

  /** A pool for what the instructions of a replica say: {@code url}, {@code pool} and the like. */
  abstract Pool open(Map<String, String> instructions) throws Exception;

  private static int size(Map<String, String> instructions) {
    return Integer.parseInt(instructions.get("pool"));
  }

  /** It takes a connection back on a thread of its own, a moment after that was closed. */
  private static int busyFromNowOn(ComboPooledDataSource pool) {
    Await.within(A_MOMENT, () -> busy(pool) == 0);
    return busy(pool);
  }

  private static int busy(ComboPooledDataSource pool) {
    try {
      return pool.getNumBusyConnections();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
