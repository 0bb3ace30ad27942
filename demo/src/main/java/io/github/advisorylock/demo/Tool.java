package io.github.advisorylock.demo;

/** The two tools. Only a replica loads the classes of its own. */
public enum Tool {
  /** Flyway. */
  FLYWAY("Flyway", "flyway-core", "flyway/warm-up") {
    @Override
    public Migrator migrator() {
      return new FlywayMigrator();
    }
  },

  /** Liquibase. */
  LIQUIBASE("Liquibase", "liquibase-core", "liquibase/warm-up.sql") {
    @Override
    public Migrator migrator() {
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

  /**
   * Loads it.
   *
   * @return the tool, as a service uses it
   */
  public abstract Migrator migrator();

  /**
   * Such as {@code Flyway 13.12.0}.
   *
   * @return its name and the version on the class path
   */
  public String titleAndVersion() {
    return title + " " + ClassPath.versionOf(artifact);
  }

  /**
   * Migrations with nothing in them but what makes a JVM load all that it needs.
   *
   * @return where they are on the class path
   */
  public String warmUpMigrations() {
    return warmUpMigrations;
  }

  /** How a service uses its tool when it starts. */
  public interface Migrator {

    /**
     * Brings the database up to date.
     *
     * @param url the database
     * @param migrations where they are on the class path
     * @throws Exception if that fails, in the tool's own words
     */
    void migrate(String url, String... migrations) throws Exception;
  }
}
