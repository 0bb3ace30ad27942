package io.github.advisorylock.liquibase;

import static java.util.stream.Collectors.joining;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import liquibase.CatalogAndSchema;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.executor.ExecutorService;
import liquibase.snapshot.SnapshotControl;
import liquibase.snapshot.SnapshotGeneratorFactory;
import liquibase.statement.SqlStatement;
import liquibase.statement.core.RawParameterizedSqlStatement;
import liquibase.structure.core.Column;
import liquibase.structure.core.Table;
import org.jspecify.annotations.Nullable;

/** What there is of the table DATABASECHANGELOG. */
enum HistoryTable {
  /** It has to be created. */
  ABSENT,

  /** An old Liquibase has made it, and this one will alter it before it can be read. */
  OUTDATED,

  /** It is as this Liquibase wants it. */
  COMPLETE;

  /**
   * The columns that Liquibase adds to an outdated table, or makes longer. Should a later release
   * add another one, it does so without the lock, as it would without us.
   */
  private static final Map<String, Integer> SHORTEST =
      Map.of(
          "DESCRIPTION", 0,
          "COMMENTS", 0,
          "TAG", 0,
          "ORDEREXECUTED", 0,
          "EXECTYPE", 0,
          "DEPLOYMENT_ID", 0,
          "LIQUIBASE", 20,
          "MD5SUM", 35,
          "CONTEXTS", 255,
          "LABELS", 255);

  /**
   * Counts the tables that are beyond doubt: what the driver lists as a table, whatever it is told
   * to hide, with each column under its usual name, and of the usual type where the length counts.
   */
  private static final String COUNT_COMPLETE =
      """
      select pg_catalog.count(*)
      from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
      where pg_catalog.current_database() operator(pg_catalog.=) ?::pg_catalog.text
        and n.nspname operator(pg_catalog.=) ?::pg_catalog.text
        and c.relname operator(pg_catalog.=) ?::pg_catalog.text
        and n.nspname operator(pg_catalog.!~) '^(pg_|information_schema$)'::pg_catalog.text
        and c.relkind operator(pg_catalog.=) 'r'::pg_catalog."char" and not c.relispartition
        and pg_catalog.has_schema_privilege(n.oid, 'usage')
        and pg_catalog.has_table_privilege(c.oid, 'select')
        and not exists
          (select from (values %s) w(name, length)
           where not exists
             (select from pg_catalog.pg_attribute a
              where a.attrelid operator(pg_catalog.=) c.oid
                and a.attname operator(pg_catalog.=) w.name and not a.attisdropped
                and (w.length operator(pg_catalog.=) 0
                     or a.atttypid operator(pg_catalog.=)
                            'pg_catalog.varchar'::pg_catalog.regtype::pg_catalog.oid
                          and a.atttypmod operator(pg_catalog.>=)
                            (w.length operator(pg_catalog.+) 4))))
      """
          .formatted(
              SHORTEST.entrySet().stream()
                  .sorted(Map.Entry.comparingByKey())
                  .map(
                      wanted ->
                          "('%s'::pg_catalog.text, %d)"
                              .formatted(
                                  wanted.getKey().toLowerCase(Locale.ROOT), wanted.getValue()))
                  .collect(joining(", ")));

  /**
   * What Liquibase finds, and so what it will do: by one query where that is beyond doubt, and by
   * Liquibase's own look, which takes longer, where it is not.
   */
  static HistoryTable of(Database database) throws DatabaseException {
    return isSurelyComplete(database) ? COMPLETE : snapshotOf(database);
  }

  /** False also if there may be something else about the table, or it cannot be asked for. */
  static boolean isSurelyComplete(Database database) throws DatabaseException {
    Connection connection = Databases.connectionOf(database);
    try {
      Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
      try {
        return Scope.getCurrentScope()
                .getSingleton(ExecutorService.class)
                .getExecutor("jdbc", database)
                .queryForInt(countComplete(database))
            == 1;
      } catch (DatabaseException e) {
        Scope.getCurrentScope()
            .getLog(HistoryTable.class)
            .fine("The catalog could not be asked for the history table", e);
        if (before != null) {
          connection.rollback(before); // what else is in the transaction is the caller's
        }
        return false;
      } finally {
        if (before != null) {
          connection.releaseSavepoint(before);
        }
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** With the names that Liquibase gives to the driver, which are in lower case by themselves. */
  private static SqlStatement countComplete(Database database) {
    CatalogAndSchema home = Databases.home(database);
    return new RawParameterizedSqlStatement(
        COUNT_COMPLETE,
        Objects.toString(home.getCatalogName(), ""),
        Objects.toString(home.getSchemaName(), ""),
        database.getDatabaseChangeLogTableName());
  }

  private static HistoryTable snapshotOf(Database database) throws DatabaseException {
    Table table =
        SnapshotGeneratorFactory.getInstance()
            .getDatabaseChangeLogTable(
                new SnapshotControl(database, false, Table.class, Column.class), database);
    if (table == null) {
      return ABSENT;
    }
    boolean isComplete =
        SHORTEST.entrySet().stream()
            .allMatch(wanted -> isLongEnough(table.getColumn(wanted.getKey()), wanted.getValue()));
    return isComplete ? COMPLETE : OUTDATED;
  }

  private static boolean isLongEnough(@Nullable Column column, int shortest) {
    if (column == null) {
      return false;
    }
    Integer size = column.getType() == null ? null : column.getType().getColumnSize();
    return size == null || size >= shortest;
  }
}
