package io.github.advisorylock.liquibase;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import liquibase.database.Database;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;

/** Reports a lock service that Liquibase prefers to {@link AdvisoryLockService}. */
final class ForeignLockService {

  /** Those that have been reported in this JVM, by class name. */
  private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

  private ForeignLockService() {}

  /** Logs one warning for each such service, once in a JVM. */
  static void report(Database database) {
    LockService preferred = LockServiceFactory.getInstance().getLockService(database);
    String name = preferred.getClass().getName();
    if (!(preferred instanceof AdvisoryLockService) && REPORTED.add(name)) {
      Messages.warn(
          "The advisory lock is not used: Liquibase prefers the lock service %s, whose priority is %d. Remove that from the class path, or set %sactive=false to go without the advisory lock and this warning"
              .formatted(name, preferred.getPriority(), AdvisoryLockConfiguration.PREFIX));
    }
  }
}
