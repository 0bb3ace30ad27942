package io.github.advisorylock.liquibase;

import liquibase.database.Database;
import liquibase.exception.DatabaseException;

/** What the adapter makes of the table DATABASECHANGELOG. */
public final class HistoryTableProbe {

  private HistoryTableProbe() {}

  /** Whether it is absent, outdated or complete. */
  public static String of(Database database) throws DatabaseException {
    return HistoryTable.of(database).name();
  }

  /** Whether one query is enough to know that. */
  public static boolean isSurelyComplete(Database database) throws DatabaseException {
    return HistoryTable.isSurelyComplete(database);
  }
}
