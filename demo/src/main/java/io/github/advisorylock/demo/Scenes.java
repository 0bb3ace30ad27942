package io.github.advisorylock.demo;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/** The scenes of the demo. Each goes on in the database in which the one before it ended. */
final class Scenes {

  /** Enough where all but one only show how to wait. */
  static final int FEW = 3;

  private static final String RESTART = "Flyway, migrated database";
  private static final String KILL = "Liquibase, kill -9";

  /** One in which replicas fail without the lock, and one in which they wait for ever. */
  static final Set<String> ON_THE_FRONT_PAGE = Set.of(RESTART, KILL);

  private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration PATIENCE_AFTER_KILL = Duration.ofSeconds(6);

  private Scenes() {}

  static List<Scene> ofFlyway(int replicas) {
    String flyway = Tool.FLYWAY.titleAndVersion();
    return List.of(
        Scene.of(
            "Flyway, empty database",
            "%s, %d replicas start at once on an empty database".formatted(flyway, replicas),
            "Four migrations, and after them in each replica an afterMigrate.sql with GRANT, CREATE"
                + " OR REPLACE FUNCTION and REFRESH MATERIALIZED VIEW.",
            replicas,
            "flyway/shop"),
        Scene.of(
            RESTART,
            "%s, the same replicas start again".formatted(flyway),
            "Nothing to migrate any more: only afterMigrate.sql is run.",
            replicas,
            "flyway/shop"),
        Scene.of(
                "Flyway, CREATE INDEX CONCURRENTLY",
                "%s, the next release brings a CREATE INDEX CONCURRENTLY".formatted(flyway),
                "Such an index waits for every open transaction, and Flyway's own lock is one: it would"
                    + " wait for ever, were it not for the statement_timeout of %d s in this scene."
                        .formatted(STATEMENT_TIMEOUT.toSeconds()),
                FEW,
                "flyway/shop",
                "flyway/index")
            .withStatementTimeout(STATEMENT_TIMEOUT));
  }

  static List<Scene> ofLiquibase(int replicas) {
    String liquibase = Tool.LIQUIBASE.titleAndVersion();
    return List.of(
        Scene.of(
            "Liquibase, empty database",
            "%s, %d replicas start at once on an empty database".formatted(liquibase, replicas),
            "Four changesets, and after them runAlways changesets with the same as above."
                + " changelogLockPollRate is 1 s here: nobody would watch its default of 10 s.",
            replicas,
            "liquibase/shop.sql"),
        Scene.of(
            "Liquibase, migrated database",
            "%s, the same replicas start again".formatted(liquibase),
            "Nothing to migrate any more: only the runAlways changesets are run.",
            replicas,
            "liquibase/shop.sql"),
        Scene.of(
                KILL,
                "%s, kill -9 of the replica that is migrating".formatted(liquibase),
                "The other two are then watched for %d s. Stock Liquibase by itself would wait for"
                        .formatted(PATIENCE_AFTER_KILL.toSeconds())
                    + " 5 minutes and then fail, until somebody clears DATABASECHANGELOGLOCK.",
                FEW,
                "liquibase/archive.sql")
            .withKill(PATIENCE_AFTER_KILL));
  }
}
