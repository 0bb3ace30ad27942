package io.github.advisorylock.it;

import java.util.Locale;

/** The migration tool that a test drives; contracts run once for each. */
enum Tool {
  FLYWAY("migrate", "org/flywaydb"),
  LIQUIBASE("update", "org/liquibase");

  private final String migrateCommand;
  private final String mavenGroup;

  Tool(String migrateCommand, String mavenGroup) {
    this.migrateCommand = migrateCommand;
    this.mavenGroup = mavenGroup;
  }

  /** The command that applies what is pending. */
  String migrateCommand() {
    return migrateCommand;
  }

  /** The folder of the tool's own artifacts in a Maven repository. */
  String mavenGroup() {
    return mavenGroup;
  }

  /** The artifactId of the adapter under test. */
  String adapter() {
    return name().toLowerCase(Locale.ROOT) + "-advisory-lock";
  }

  /** What all settings of the lock begin with. */
  String settings() {
    return sessions() + ".advisoryLock.";
  }

  /** What the application_name of the lock's sessions begins with. */
  String sessions() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As its makers call it. */
  String title() {
    return this == FLYWAY ? "Flyway" : "Liquibase";
  }

  Tool other() {
    return this == FLYWAY ? LIQUIBASE : FLYWAY;
  }
}
