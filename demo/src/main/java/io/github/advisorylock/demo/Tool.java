package io.github.advisorylock.demo;

/** The two tools. Only a replica loads the classes of its own. */
enum Tool {
  FLYWAY("Flyway", "flyway-core", "flyway/warm-up") {
    @Override
    Migrator migrator() {
      return new FlywayMigrator();
    }
  },

  LIQUIBASE("Liquibase", "liquibase-core", "liquibase/warm-up.sql") {
    @Override
    Migrator migrator() {
      return new LiquibaseMigrator();
    }
  };

  private final String title;
  private final String artifact;
  private final String warmUpMigrations;

  Tool(String title, String artifact, String warmUpMigrations) {
    this.title = title;
    this.artifact = artifact;
    this.warmUpMigrations = warmUpMigrations;
  }

  abstract Migrator migrator();

  /** Such as {@code Flyway 13.12.0}. */
  String titleAndVersion() {
    return title + " " + ClassPath.versionOf(artifact);
  }

  /** Migrations with nothing in them but what makes a JVM load all that it needs. */
  String warmUpMigrations() {
    return warmUpMigrations;
  }

  /** How a service uses its tool when it starts. */
  interface Migrator {

    /** Brings the database up to date with the migrations at these places on the class path. */
    void migrate(String url, String... migrations) throws Exception;
  }
}
