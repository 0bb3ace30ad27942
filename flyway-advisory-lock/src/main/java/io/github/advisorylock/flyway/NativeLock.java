package io.github.advisorylock.flyway;

import java.util.Optional;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogFactory;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;

/** What happens to Flyway's own lock. */
enum NativeLock {
  /**
   * It is taken at session level unless the user chose, as far as that can be seen. By default
   * Flyway holds it in an open transaction with a snapshot, and CREATE INDEX CONCURRENTLY waits for
   * that for ever; and it needs a connection more for it.
   */
  AUTO {
    @Override
    boolean toSessionLevel(Configuration flyway) {
      Optional<PostgreSQLConfigurationExtension> unset =
          settings(flyway)
              .filter(NativeLock::isUnset)
              .filter(PostgreSQLConfigurationExtension::isTransactionalLock); // else it is not ours
      unset.ifPresent(postgres -> postgres.setTransactionalLock(false));
      return unset.isPresent();
    }
  },

  /** It stays as it is. */
  KEEP {
    @Override
    boolean toSessionLevel(Configuration flyway) {
      return false;
    }
  };

  private static final Log LOG = LogFactory.getLog(NativeLock.class);

  /**
   * Switches it, if it may. Takes effect when Flyway has not opened its second connection yet.
   *
   * @return whether it was switched
   */
  abstract boolean toSessionLevel(Configuration flyway);

  /** Flyway's key is this number and the hash of the name of its history table. */
  private static final long KEY_BASE = 0x466C_7977_6179L;

  /** Whether a key is one of Flyway's own. */
  static boolean isKey(long key) {
    long hash = key - KEY_BASE;
    return hash == (int) hash;
  }

  /** Whether Flyway holds it in the session in which it works, until it releases it. */
  static boolean isAtSessionLevel(Configuration flyway) {
    return settings(flyway).filter(postgres -> !postgres.isTransactionalLock()).isPresent();
  }

  /** Undoes that: with nothing set, it is at transaction level. */
  static void toTransactionLevel(Configuration flyway) {
    settings(flyway).ifPresent(postgres -> postgres.setTransactional(null));
  }

  private static Optional<PostgreSQLConfigurationExtension> settings(Configuration flyway) {
    try {
      return Plugins.find(flyway, PostgreSQLConfigurationExtension.class);
    } catch (NoClassDefFoundError e) {
      // Flyway's PostgreSQL module is not there: the database is another one.
      LOG.debug("Flyway's own lock is left alone: " + e.getMessage());
      return Optional.empty();
    }
  }

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
