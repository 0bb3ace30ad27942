/**
 * The advisory lock for Liquibase: being on the class path is enough.
 *
 * <p>Liquibase finds {@link io.github.advisorylock.liquibase.AdvisoryLockService} by itself and
 * asks it, instead of the table DATABASECHANGELOGLOCK, for the lock of each command that changes
 * something. {@link io.github.advisorylock.liquibase.AdvisoryLockHistoryService} lets one runner at
 * a time create the table DATABASECHANGELOG.
 *
 * <p>Settings are those of {@link io.github.advisorylock.liquibase.AdvisoryLockConfiguration},
 * {@code liquibase.advisoryLock.*} wherever Liquibase reads its own. Nothing accepts or returns
 * null unless it says so.
 */
@NullMarked
package io.github.advisorylock.liquibase;

import org.jspecify.annotations.NullMarked;
