package io.github.advisorylock.demo;

import org.flywaydb.core.Flyway;

/** Flyway as an application uses it. Nothing here knows of the lock: it is on the class path. */
final class FlywayMigrator implements Tool.Migrator {

  @Override
  public void migrate(String url, String... migrations) {
    Flyway.configure()
        .dataSource(url, Server.USER, "")
        .defaultSchema("shop")
        .locations(migrations)
        .load()
        .migrate();
  }
}
