package io.github.advisorylock.flyway;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.spring.LockedBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.flywaydb.core.api.configuration.Configuration;

/** The lock of a Flyway bean, by what is set on the bean now. */
final class FlywayLockedBean implements LockedBean {

  private final Configuration flyway;

  FlywayLockedBean(Configuration flyway) {
    this.flyway = flyway;
  }

  @Override
  public boolean isLocked() {
    return FlywaySettings.of(flyway).isPresent();
  }

  @Override
  public Connection connect() throws SQLException {
    DataSource dataSource = flyway.getDataSource();
    if (dataSource == null) {
      throw new SQLException("The bean has no data source");
    }
    return dataSource.getConnection();
  }

  @Override
  public List<LockKey> keys(Connection connection) {
    return FlywaySettings.of(flyway)
        .map(settings -> LockRuns.keyFor(settings, flyway, connection))
        .stream()
        .toList();
  }
}
