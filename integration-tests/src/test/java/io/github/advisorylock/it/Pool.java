package io.github.advisorylock.it;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;

/** The Hikari pool of a replica that was told to use one; opens its first connection on demand. */
final class Pool {
  private Pool() {}

  static HikariDataSource open(Map<String, String> instructions) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(instructions.get("url"));
    config.setUsername(instructions.get("user"));
    config.setPassword(instructions.get("password"));
    config.setMaximumPoolSize(Integer.parseInt(instructions.get("pool")));
    config.setMinimumIdle(0);
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(5_000);
    return new HikariDataSource(config);
  }
}
