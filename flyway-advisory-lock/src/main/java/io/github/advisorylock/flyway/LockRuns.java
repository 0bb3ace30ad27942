package io.github.advisorylock.flyway;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.ConnectionSource;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LogLines;
import java.lang.ref.WeakReference;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.logging.Log;
import org.flywaydb.core.api.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The runs of one Flyway object that hold the lock: at most one for each thread, since a run stays
 * on the thread that called Flyway. Safe for use by several threads.
 */
final class LockRuns {

  private static final String APPLICATION = "flyway";

  private final Log log = LogFactory.getLog(LockRuns.class);
  private final ConcurrentMap<Thread, LockRun> runs = new ConcurrentHashMap<>();

  /** Of this Flyway object only. Weak, since a run that takes no lock never clears it. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable WeakReference<Connection>> mainConnection =
      new ThreadLocal<>();

  /**
   * Remembers the connection that Flyway closes last in this thread's run. The first that is shown
   * is the one; later ones may be for migrations.
   */
  void noteMainConnection(Connection connection) {
    if (openMainConnection() == null) {
      mainConnection.set(new WeakReference<>(connection));
    }
  }

  private @Nullable Connection openMainConnection() {
    WeakReference<Connection> noted = mainConnection.get();
    Connection connection = noted == null ? null : noted.get();
    return connection == null || RunEnd.isClosed(connection) ? null : connection;
  }

  /** Takes the lock for the run on this thread, unless it has it. */
  void acquire(Context context) {
    Thread thread = Thread.currentThread();
    LockRun earlier = runs.get(thread);
    if (earlier != null) {
      if (earlier.isTheOneThatWantsTheLock()) {
        return;
      }
      earlier.end();
    }
    Optional<FlywaySettings> settings = FlywaySettings.of(context.getConfiguration());
    if (settings.isPresent() && isPostgreSql(context.getConnection(), settings.get())) {
      HeldLock lock = acquire(settings.get(), context);
      boolean watched = false;
      try {
        RunEnd runEnd = RunEnd.ofThisThread(openMainConnection());
        runs.put(thread, new LockRun(lock, runEnd, over -> runs.remove(thread, over)));
        watched = true;
      } finally {
        if (!watched) { // no more threads to be had
          lock.close();
        }
      }
    }
  }

  /** Releases the lock of the run on this thread, if it has it. */
  void release() {
    LockRun run = runs.remove(Thread.currentThread());
    if (run != null) {
      run.end();
    }
  }

  private HeldLock acquire(FlywaySettings settings, Context context) {
    Configuration flyway = context.getConfiguration();
    ConnectionSettings ownConnection = settings.lock().connection();
    ConnectionSource source =
        ownConnection != null ? ownConnection::open : flyway.getDataSource()::getConnection;
    LockKey key = settings.keyFor(defaultSchema(flyway, context.getConnection()));
    LockListener logLines = new LogLines(log::debug, log::info, log::warn);
    return new AdvisoryLock(key, settings.lock().retry(), logLines)
        .acquire(LockSession.dedicated(source, APPLICATION));
  }

  private boolean isPostgreSql(Connection connection, FlywaySettings settings) {
    try {
      if (AdvisoryLock.isSupportedBy(connection)) {
        return true;
      }
      String product = connection.getMetaData().getDatabaseProductName();
      if (settings.explicit()) {
        throw new FlywayException(
            "%s* is set, but the database is not PostgreSQL (it says %s), and has no advisory locks. Remove the settings, or set %sactive=false"
                .formatted(FlywaySettings.PREFIX, product, FlywaySettings.PREFIX));
      }
      log.debug("No advisory lock: the database is not PostgreSQL, but " + product);
      return false;
    } catch (SQLException e) {
      throw new FlywayException("Cannot find out whether the database is PostgreSQL", e);
    }
  }

  private static String defaultSchema(Configuration flyway, Connection connection) {
    return Stream.concat(
            Stream.ofNullable(flyway.getDefaultSchema()), Arrays.stream(flyway.getSchemas()))
        .filter(Objects::nonNull)
        .findFirst()
        .orElseGet(() -> currentSchema(connection));
  }

  private static String currentSchema(Connection connection) {
    try {
      return Objects.requireNonNullElse(connection.getSchema(), "");
    } catch (SQLException e) {
      throw new FlywayException("Cannot find out the default schema", e);
    }
  }
}
