package io.github.advisorylock.it;

import com.mchange.v2.c3p0.ComboPooledDataSource;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.tomcat.jdbc.pool.PoolProperties;

/** A pool of three without autocommit, which sets its connections up in a transaction. */
enum PoolSetUp {
  HIKARI_SCHEMA {
    @Override
    Opened open(Database database, Login login, String owner) {
      return hikari(database, login, config -> config.setSchema("app"));
    }
  },

  HIKARI_INIT_SQL {
    @Override
    Opened open(Database database, Login login, String owner) {
      return hikari(database, login, config -> config.setConnectionInitSql("SET ROLE " + owner));
    }
  },

  HIKARI_TEST_QUERY {
    @Override
    Opened open(Database database, Login login, String owner) {
      System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
      try {
        return hikari(
            database,
            login,
            config -> {
              config.setConnectionInitSql("SET ROLE " + owner);
              config.setConnectionTestQuery("SELECT count(*) FROM validation");
            });
      } finally {
        System.clearProperty("com.zaxxer.hikari.aliveBypassWindowMs");
      }
    }
  },

  DBCP2_VALIDATION_QUERY {
    @Override
    Opened open(Database database, Login login, String owner) {
      BasicDataSource pool = dbcp2(database, login);
      pool.setValidationQuery("SELECT 1");
      return new Opened(pool, pool);
    }
  },

  DBCP2_DEFAULT_SCHEMA {
    @Override
    Opened open(Database database, Login login, String owner) {
      BasicDataSource pool = dbcp2(database, login);
      pool.setDefaultSchema("app");
      return new Opened(pool, pool);
    }
  },

  AGROAL_INITIAL_SQL {
    @Override
    Opened open(Database database, Login login, String owner) throws Exception {
      AgroalDataSource pool =
          AgroalDataSource.from(
              new AgroalDataSourceConfigurationSupplier()
                  .connectionPoolConfiguration(
                      config ->
                          config
                              .maxSize(SIZE)
                              .acquisitionTimeout(PATIENCE)
                              .connectionFactoryConfiguration(
                                  factory ->
                                      factory
                                          .jdbcUrl(database.url())
                                          .autoCommit(false)
                                          .initialSql("SET ROLE " + owner)
                                          .principal(new NamePrincipal(login.user()))
                                          .credential(new SimplePassword(login.password())))));
      return new Opened(pool, pool);
    }
  },

  SET_ON_BORROW {
    @Override
    Opened open(Database database, Login login, String owner) {
      Opened pool = hikari(database, login, config -> {});
      DataSource setting =
          (DataSource)
              Proxy.newProxyInstance(
                  PoolSetUp.class.getClassLoader(),
                  new Class<?>[] {DataSource.class},
                  (proxy, method, arguments) -> {
                    Object result = method.invoke(pool.dataSource(), arguments);
                    if (result instanceof Connection borrowed) {
                      try (Statement statement = borrowed.createStatement()) {
                        statement.execute("SET search_path TO app");
                      }
                    }
                    return result;
                  });
      return new Opened(setting, pool.pool());
    }
  },

  TOMCAT_INIT_SQL {
    @Override
    Opened open(Database database, Login login, String owner) {
      PoolProperties config = new PoolProperties();
      config.setDriverClassName(org.postgresql.Driver.class.getName());
      config.setUrl(database.url());
      config.setUsername(login.user());
      config.setPassword(login.password());
      config.setMaxActive(SIZE);
      config.setDefaultAutoCommit(false);
      config.setInitSQL("SET ROLE " + owner);
      org.apache.tomcat.jdbc.pool.DataSource pool =
          new org.apache.tomcat.jdbc.pool.DataSource(config);
      return new Opened(pool, () -> pool.close(true));
    }
  },

  C3P0_TEST_QUERY {
    @Override
    Opened open(Database database, Login login, String owner) throws Exception {
      ComboPooledDataSource pool = new ComboPooledDataSource();
      pool.setDriverClass(org.postgresql.Driver.class.getName());
      pool.setJdbcUrl(database.url());
      pool.setUser(login.user());
      pool.setPassword(login.password());
      pool.setInitialPoolSize(SIZE);
      pool.setMinPoolSize(SIZE);
      pool.setMaxPoolSize(SIZE);
      pool.setPreferredTestQuery("SELECT count(*) FROM validation");
      pool.setTestConnectionOnCheckout(true);
      return new Opened(pool, pool);
    }
  };

  static final int SIZE = 3;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** A pool, open. */
  record Opened(DataSource dataSource, AutoCloseable pool) implements AutoCloseable {
    @Override
    public void close() {
      try {
        pool.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A change of a configuration. */
  private interface HikariSetting {
    void apply(HikariConfig config);
  }

  /**
   * Opens it.
   *
   * @param owner a role that {@code login} may take, and that some of the pools set
   */
  abstract Opened open(Database database, Login login, String owner) throws Exception;

  private static Opened hikari(Database database, Login login, HikariSetting setting) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setUsername(login.user());
    config.setPassword(login.password());
    config.setMaximumPoolSize(SIZE);
    config.setConnectionTimeout(PATIENCE.toMillis());
    config.setAutoCommit(false);
    setting.apply(config);
    HikariDataSource pool = new HikariDataSource(config);
    return new Opened(pool, pool);
  }

  private static BasicDataSource dbcp2(Database database, Login login) {
    BasicDataSource pool = new BasicDataSource();
    pool.setUrl(database.url());
    pool.setUsername(login.user());
    pool.setPassword(login.password());
    pool.setMaxTotal(SIZE);
    pool.setMaxWait(PATIENCE);
    pool.setDefaultAutoCommit(false);
    return pool;
  }
}
