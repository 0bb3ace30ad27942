package io.github.advisorylock.it;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How channels of a tool write a setting; each is a column of the manual's table. */
enum Spelling {
  FLYWAY_PROPERTY(
      Tool.FLYWAY, "`configuration(Map)`, conf file, Maven", "flyway.advisoryLock.", Form.NAME),
  FLYWAY_TOML(Tool.FLYWAY, "TOML, `[flyway]`", "advisoryLock.", Form.NAME),
  FLYWAY_TOML_TABLE(Tool.FLYWAY, "TOML, `[flyway.advisoryLock]`", "", Form.NAME),
  FLYWAY_VARIABLE(Tool.FLYWAY, "environment", "FLYWAY_ADVISORY_LOCK_", Form.SNAKE),
  FLYWAY_OPTION(Tool.FLYWAY, "command line", "-advisoryLock.", Form.NAME),
  FLYWAY_SETTER(Tool.FLYWAY, "code", "set", Form.CAPITAL),
  // These two are shown by FlywayBeansTest, in each line of Spring Boot, as the manual spells them.
  FLYWAY_SPRING(Tool.FLYWAY, "Spring Boot", "spring.flyway.advisory-lock.", Form.DASHED),
  FLYWAY_SPRING_VARIABLE(
      Tool.FLYWAY, "Spring Boot, environment", "SPRING_FLYWAY_ADVISORYLOCK_", Form.JOINED),

  LIQUIBASE_PROPERTY(
      Tool.LIQUIBASE,
      "properties file, `-D`, Maven, `Scope`",
      "liquibase.advisoryLock.",
      Form.NAME),
  LIQUIBASE_VARIABLE(Tool.LIQUIBASE, "environment", "LIQUIBASE_ADVISORY_LOCK_", Form.SNAKE),
  LIQUIBASE_OPTION(Tool.LIQUIBASE, "command line", "--advisory-lock-", Form.DASHED),
  // And these by LiquibaseBeansTest.
  LIQUIBASE_SPRING(Tool.LIQUIBASE, "Spring Boot", "spring.liquibase.advisory-lock.", Form.DASHED),
  LIQUIBASE_SPRING_VARIABLE(
      Tool.LIQUIBASE, "Spring Boot, environment", "SPRING_LIQUIBASE_ADVISORYLOCK_", Form.JOINED);

  private final Tool tool;
  private final String heading;
  private final String prefix;
  private final Form form;

  Spelling(Tool tool, String heading, String prefix, Form form) {
    this.tool = tool;
    this.heading = heading;
    this.prefix = prefix;
    this.form = form;
  }

  static List<Spelling> of(Tool tool) {
    return Arrays.stream(values()).filter(spelling -> spelling.tool == tool).toList();
  }

  /** Where one writes it like that. */
  String heading() {
    return heading;
  }

  /** A setting as it is written there. */
  String of(String name) {
    return prefix + form.of(name);
  }

  private enum Form {
    NAME,
    CAPITAL,
    SNAKE,
    DASHED,
    JOINED;

    String of(String name) {
      return switch (this) {
        case NAME -> name;
        case CAPITAL -> Character.toUpperCase(name.charAt(0)) + name.substring(1);
        case SNAKE -> name.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT);
        case DASHED -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
        case JOINED -> name.toUpperCase(Locale.ROOT);
      };
    }
  }
}
