package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A set of migrations in no tool's language, written to a folder in the language of either: SQL
 * files for Flyway, one formatted SQL changelog for Liquibase. Statements are given one by one,
 * without a semicolon at the end; {@code $$}-quoted bodies are fine.
 */
final class Migrations {
  /** The changelog's name in the folder. */
  static final String CHANGELOG = "changelog.sql";

  private static final String END_OF_STATEMENT = "~~~~";

  private final List<Migration> migrations = new ArrayList<>();

  /** Applied once, in one transaction. */
  Migrations versioned(String version, String description, String... statements) {
    return add(new Migration(Kind.VERSIONED, version, description, List.of(statements), ""));
  }

  /** Applied once, outside any transaction, as CREATE INDEX CONCURRENTLY needs. */
  Migrations nonTransactional(String version, String description, String statement) {
    return add(new Migration(Kind.NON_TRANSACTIONAL, version, description, List.of(statement), ""));
  }

  /** Run by every replica: an afterMigrate callback in Flyway, runAlways in Liquibase. */
  Migrations everyRun(String name, String... statements) {
    return add(new Migration(Kind.EVERY_RUN, name, name, List.of(statements), ""));
  }

  /** How Liquibase takes the migration added last back, in one statement on one line. */
  Migrations rollback(String statement) {
    Migration last = migrations.remove(migrations.size() - 1);
    return add(
        new Migration(last.kind, last.version, last.description, last.statements, statement));
  }

  private Migrations add(Migration migration) {
    migrations.add(migration);
    return this;
  }

  /** Writes everything into {@code folder}, for {@code tool}; earlier files stay. */
  void writeTo(Path folder, Tool tool) {
    try {
      Files.createDirectories(folder);
      if (tool == Tool.FLYWAY) {
        for (Migration migration : migrations) {
          writeFlyway(folder, migration);
        }
      } else {
        String changesets =
            migrations.stream().map(Migrations::changeset).collect(Collectors.joining("\n"));
        Files.writeString(folder.resolve(CHANGELOG), "--liquibase formatted sql\n\n" + changesets);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeFlyway(Path folder, Migration migration) throws IOException {
    String prefix =
        migration.kind == Kind.EVERY_RUN ? "afterMigrate__" : "V" + migration.version + "__";
    String file = prefix + migration.description.replace(' ', '_') + ".sql";
    Files.writeString(folder.resolve(file), String.join(";\n", migration.statements) + ";\n");
    if (migration.kind == Kind.NON_TRANSACTIONAL) {
      Files.writeString(folder.resolve(file + ".conf"), "executeInTransaction=false\n");
    }
  }

  private static String changeset(Migration migration) {
    return """
        --changeset it:%s runInTransaction:%s runAlways:%s stripComments:false endDelimiter:%s
        --comment: %s
        %s
        --rollback %s
        """
        .formatted(
            migration.version.replace(' ', '_'),
            migration.kind != Kind.NON_TRANSACTIONAL,
            migration.kind == Kind.EVERY_RUN,
            END_OF_STATEMENT,
            migration.description,
            String.join("\n" + END_OF_STATEMENT + "\n", migration.statements),
            migration.rollback.isEmpty() ? "not required" : migration.rollback);
  }

  private enum Kind {
    VERSIONED,
    NON_TRANSACTIONAL,
    EVERY_RUN
  }

  private record Migration(
      Kind kind, String version, String description, List<String> statements, String rollback) {}
}
