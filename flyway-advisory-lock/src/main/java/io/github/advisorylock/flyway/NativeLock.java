package io.github.advisorylock.flyway;

import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogFactory;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;

/** What happens to Flyway's own lock. */
enum NativeLock {
  /**
   * It is taken at session level unless the user chose, as far as that can be seen. By default
   * Flyway holds it in an open transaction with a snapshot, and CREATE INDEX CONCURRENTLY waits for
   * that for ever.
   */
  AUTO {
    @Override
    void applyTo(Configuration flyway) {
      try {
        Plugins.find(flyway, PostgreSQLConfigurationExtension.class)
            .filter(NativeLock::isUnset)
            .ifPresent(postgres -> postgres.setTransactionalLock(false));
      } catch (NoClassDefFoundError e) {
        // Flyway's PostgreSQL module is not there: the database is another one.
        LOG.debug("Flyway's own lock is left alone: " + e.getMessage());
      }
    }
  },

  /** It stays as it is. */
  KEEP {
    @Override
    void applyTo(Configuration flyway) {
      // nothing to change
    }
  };

  private static final Log LOG = LogFactory.getLog(NativeLock.class);

  abstract void applyTo(Configuration flyway);

  private static boolean isUnset(PostgreSQLConfigurationExtension postgres) {
    return hasNoValue(postgres) || !tellsSetFromUnset();
  }

  private static boolean hasNoValue(PostgreSQLConfigurationExtension postgres) {
    return postgres.getTransactional() == null || postgres.getTransactional().getLock() == null;
  }

  /** Older releases write the default into every copy, as if the user had set it. */
  private static boolean tellsSetFromUnset() {
    return new PostgreSQLConfigurationExtension().copy()
            instanceof PostgreSQLConfigurationExtension copy
        && hasNoValue(copy);
  }
}
