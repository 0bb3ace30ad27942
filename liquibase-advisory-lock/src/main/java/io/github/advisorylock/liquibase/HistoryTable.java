package io.github.advisorylock.liquibase;

import java.util.Map;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.snapshot.SnapshotControl;
import liquibase.snapshot.SnapshotGeneratorFactory;
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

  static HistoryTable of(Database database) throws DatabaseException {
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
