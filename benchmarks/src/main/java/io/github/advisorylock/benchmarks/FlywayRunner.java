package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Server;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.internal.database.base.Connection;
import org.flywaydb.core.internal.database.base.Database;
import org.flywaydb.core.internal.database.base.Table;
import org.flywaydb.core.internal.jdbc.JdbcConnectionFactory;

/**
 * Flyway's own lock, entered by the door through which Flyway enters it for every migration. That
 * door is internal to Flyway: a whole run of it would measure more than the lock.
 */
final class FlywayRunner implements Runner {

  private final JdbcConnectionFactory connections;
  private final Database<?> database;
  private final Connection<?> connection;
  private final Table<?, ?> historyTable;

  FlywayRunner(String url) {
    Configuration configuration =
        Flyway.configure().dataSource(url, Server.USER, "").load().getConfiguration();
    connections = new JdbcConnectionFactory(configuration.getDataSource(), configuration, null);
    database = connections.getDatabaseType().createDatabase(configuration, connections, null);
    connection = database.getMainConnection();
    historyTable = connection.getCurrentSchema().getTable(configuration.getTable());
  }

  @Override
  public void hold(Section section) {
    connection.lock(
        historyTable,
        () -> {
          section.run();
          return null;
        });
  }

  @Override
  public void close() {
    database.close();
    connections.close();
  }
}
