package io.github.advisorylock.it;

/** What is compared of the two runs of a {@link StockComparisonCase}, beside the time. */
enum StockComparisonAspect {
  /** Success, or types, SQLSTATE and first line of the exception and its causes. */
  OUTCOME,
  /** What the program itself noted, such as the SQL of a command that prints SQL. */
  OUTPUT,
  /** Lines at INFO and above, and what the tool prints. */
  LOG,
  /** The rows of the tools' history tables. */
  HISTORY,
  /** Schemas, relations, columns, functions and so on, with owners and privileges. */
  OBJECTS,
  /** The rows of all other tables. */
  CONTENT,
  /** Advisory locks that are left. */
  LOCKS,
  /** Sessions that are left, before and after the program's pools are closed. */
  SESSIONS,
  /** State and settings of the connections that went back to the pool or to the caller. */
  CONNECTIONS
}
