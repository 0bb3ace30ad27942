package io.github.advisorylock.flyway;

import io.github.advisorylock.AdvisoryLock;
import io.github.advisorylock.ConnectionSettings;
import io.github.advisorylock.ConnectionSource;
import io.github.advisorylock.Endpoint;
import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockListeners;
import io.github.advisorylock.LockLostException;
import io.github.advisorylock.LockSession;
import io.github.advisorylock.LogLines;
import io.github.advisorylock.Pooling;
import io.github.advisorylock.SetUpTransaction;
import java.lang.ref.WeakReference;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.sql.DataSource;
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

  static final String APPLICATION = "flyway";

  private static final String OBJECT_IN_USE = "55006";

  /** Not public, and so known by its name. */
  private static final String DATA_SOURCE_OF_URL =
      "org.flywaydb.core.internal.jdbc.DriverDataSource";

  /**
   * Of all Flyway objects: what one has left behind on a thread is in the way of the next one
   * there.
   */
  private static final Set<LockRun> ALL = ConcurrentHashMap.newKeySet();

  private final Log log = LogFactory.getLog(LockRuns.class);

  /** Of this Flyway object only. Weak, since a run that takes no lock never clears it. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable WeakReference<Connection>> mainConnection =
      new ThreadLocal<>();

  /**
   * This thread's run of this Flyway object that has taken the lock and not released it, so that it
   * notices if somebody else has.
   */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable Locked> locked = new ThreadLocal<>();

  /**
   * A run that has taken the lock.
   *
   * @param loss why it was lost, when that is known
   */
  private record Locked(int depth, AtomicReference<@Nullable LockLostException> loss) {}

  /**
   * Remembers the connection that Flyway closes last in this thread's run, and has Flyway's own
   * lock at the level that suits it. The first that is shown is the one; later ones may be for
   * migrations.
   */
  void mainConnectionSeen(Context context) {
    if (noteMainConnection(context.getConnection())) {
      target(context).ifPresent(target -> adaptNativeLock(target, context));
    }
  }

  boolean isMainConnectionKnown() {
    return openMainConnection() != null;
  }

  private boolean noteMainConnection(Connection connection) {
    boolean isFirst = openMainConnection() == null;
    if (isFirst) {
      mainConnection.set(new WeakReference<>(connection));
    }
    return isFirst;
  }

  private @Nullable Connection openMainConnection() {
    WeakReference<Connection> noted = mainConnection.get();
    Connection connection = noted == null ? null : noted.get();
    return connection == null || RunEnd.isClosed(connection) ? null : connection;
  }

  private static void adaptNativeLock(Target target, Context context) {
    AdvisoryLockProvider.adaptNativeLock(
        context.getConfiguration(), target.settings(), target.keepsSession());
  }

  /**
   * Takes the lock for the run on this thread, unless it has it, at an event on that connection.
   */
  void acquireOnMainConnection(Context context) {
    noteMainConnection(context.getConnection());
    if (!isHeldByThisRun()) {
      Optional<Target> target = target(context);
      target.ifPresent(found -> adaptNativeLock(found, context));
      target.ifPresent(found -> acquire(found, context));
    }
  }

  /** The same at an event on another connection. */
  void acquire(Context context) {
    if (!isHeldByThisRun()) {
      target(context).ifPresent(target -> acquire(target, context));
    }
  }

  private boolean isHeldByThisRun() {
    int depth = RunEnd.depthOfThisThread();
    allOfThisThread().filter(run -> run.isOverAt(depth, this)).forEach(LockRuns::end);
    boolean held = ofThisThread().isPresent();
    if (!held) {
      noteUnlocked(depth);
    }
    return held;
  }

  private void noteLocked(int depth, LockRun run) {
    Locked outermost = locked.get();
    int least = outermost == null ? depth : Math.min(outermost.depth(), depth);
    locked.set(new Locked(least, run.loss()));
  }

  private void noteUnlocked(int depth) {
    Locked outermost = locked.get();
    if (outermost != null && outermost.depth() >= depth) {
      locked.remove();
    }
  }

  private void acquire(Target target, Context context) {
    HeldLock lock = acquireLock(target.settings(), context);
    boolean watched = false;
    try {
      if (lock.wasWaitedFor()) {
        refuseIfEnded(context.getConnection(), lock.key());
      }
      RunEnd runEnd = RunEnd.ofThisThread(openMainConnection());
      LockRun run = new LockRun(this, lock, runEnd, target.keepsSession(), ALL::remove);
      ALL.add(run);
      noteLocked(runEnd.depth(), run);
      watched = true;
    } finally {
      if (!watched) { // no more threads to be had
        lock.close();
      }
    }
  }

  /** Flyway's connection was idle during the wait: the first query on it reports why it ended. */
  private static void refuseIfEnded(Connection connection, LockKey key) {
    try {
      Endpoint.of(connection);
    } catch (SQLException e) {
      throw new FlywayException(
          "Flyway's own connection ended while the run waited for the advisory lock %s: %s. A time-out for idle sessions, or of a firewall, must be longer than the wait. Run again"
              .formatted(key, LogLines.said(e)),
          e);
    }
  }

  /**
   * What is to be locked.
   *
   * @param keepsSession whether what belongs to a session of Flyway's connections may be relied
   *     upon
   */
  private record Target(FlywaySettings settings, boolean keepsSession) {}

  /** Empty if there is to be no lock. */
  private Optional<Target> target(Context context) {
    return FlywaySettings.of(context.getConfiguration())
        .flatMap(settings -> target(settings, context.getConnection()));
  }

  private Optional<Target> target(FlywaySettings settings, Connection connection) {
    try {
      Endpoint endpoint = Endpoint.of(connection);
      if (endpoint.postgreSql()) {
        Pooling pooling = settings.lock().session().pooling();
        return Optional.of(new Target(settings, endpoint.keepsSession(pooling)));
      }
      String product = connection.getMetaData().getDatabaseProductName();
      if (settings.setHere()) {
        throw new FlywayException(
            "%s* is set, but the database is not PostgreSQL (it says %s), and has no advisory locks. Remove the settings, or set %sactive=false"
                .formatted(FlywaySettings.PREFIX, product, FlywaySettings.PREFIX));
      }
      log.debug("No advisory lock: the database is not PostgreSQL, but " + product);
      return Optional.empty();
    } catch (SQLException e) {
      throw new FlywayException("Cannot find out whether the database is PostgreSQL", e);
    }
  }

  void verify(Connection connection) {
    ofThisThreadAtWork().ifPresent(run -> run.verify(connection));
  }

  void startWork(Connection connection) {
    ofThisThreadAtWork().ifPresent(run -> run.startWork(connection));
  }

  void startMigration(Context context) {
    boolean inSession = NativeLock.isAtSessionLevel(context.getConfiguration());
    ofThisThreadAtWork().ifPresent(run -> run.startMigration(context.getConnection(), inSession));
  }

  void startWorkAfterFailure(Connection connection) {
    ofThisThread().ifPresent(run -> run.startWorkAfterFailure(connection));
  }

  /** Whether something may be wrong that the next statement must not run with. */
  boolean mustCheckStatement(Connection connection) {
    return !isInTransaction(connection)
        || ofThisThread().map(LockRun::isKnownToBeLost).orElse(locked.get() != null);
  }

  /** Whether there is more to say of a statement that a timeout has ended. */
  boolean canExplainTimeouts() {
    return ofThisThread().filter(LockRun::hasTimeouts).isPresent();
  }

  void continueWork(Connection connection) {
    ofThisThreadAtWork().ifPresent(run -> run.continueWork(connection));
  }

  /** What happened outside of a transaction is final, so that goes on in any case. */
  void beforeCommit(Context context) {
    boolean inTransaction = isInTransaction(context.getConnection());
    Optional<LockRun> atWork = inTransaction ? ofThisThreadAtWork() : ofThisThread();
    atWork.ifPresent(run -> run.beforeCommit(context));
  }

  private static boolean isInTransaction(Connection connection) {
    try {
      return !connection.getAutoCommit(); // asks the driver, not the server
    } catch (SQLException e) {
      return false; // it has ended, and nothing on it can be committed
    }
  }

  void explainFailure(Context context) {
    ofThisThread().ifPresentOrElse(run -> run.explainFailure(context), this::throwIfLost);
  }

  /**
   * Says of a run that has ended itself that its lock was lost. A main connection that breaks looks
   * like the end of the run, and may have broken because the lock was lost.
   */
  private void throwIfLost() {
    allOfThisThread().filter(run -> run.isOf(this)).forEach(LockRuns::end); // then it is known
    LockLostException loss =
        Optional.ofNullable(locked.get()).map(Locked::loss).map(AtomicReference::get).orElse(null);
    if (loss != null) {
      throw loss;
    }
  }

  /**
   * Fails in the place of Flyway where that can say more. Not where the user has told Flyway to
   * take some errors for none, which Flyway does only later.
   */
  void explainStatementFailure(Context context) {
    Optional<FlywayException> failure = ofThisThread().flatMap(run -> run.explain(context));
    if (failure.isPresent()) {
      String[] overrides = context.getConfiguration().getErrorOverrides();
      if (overrides == null || overrides.length == 0) {
        throw failure.get();
      }
      log.warn(failure.get().getMessage());
    }
  }

  void finishWork(Connection connection) {
    ofThisThread().ifPresent(run -> run.finishWork(connection));
  }

  private static Stream<LockRun> allOfThisThread() {
    return ALL.stream().filter(LockRun::isOfThisThread);
  }

  private Optional<LockRun> ofThisThread() {
    return allOfThisThread().filter(run -> run.isOf(this) && !run.isOver()).findFirst();
  }

  /**
   * The run that works now; empty if it needs no lock.
   *
   * @throws FlywayException if its lock was released before its end
   */
  private Optional<LockRun> ofThisThreadAtWork() {
    Optional<LockRun> run = ofThisThread();
    if (run.isEmpty() && locked.get() != null) {
      throwIfLost();
      throw new FlywayException(
          "The advisory lock was released before this run of Flyway had ended, so the run stops"
              + " here: Flyway's main connection had gone. Run again");
    }
    return run;
  }

  /** Releases the lock of the run on this thread, unless the run that ends is part of that one. */
  void release() {
    int depth = RunEnd.depthOfThisThread();
    ofThisThread()
        .filter(run -> run.endsWithRunAt(depth))
        .ifPresent(
            run -> {
              noteUnlocked(depth);
              end(run);
            });
  }

  private static void end(LockRun run) {
    try {
      run.end();
    } finally {
      ALL.remove(run);
    }
  }

  private HeldLock acquireLock(FlywaySettings settings, Context context) {
    Configuration flyway = context.getConfiguration();
    ConnectionSettings ownConnection = settings.lock().connection();
    ConnectionSource source =
        ownConnection != null
            ? ownConnection
            : another(flyway.getDataSource(), context.getConnection());
    LockKey key = keyFor(settings, flyway, context.getConnection());
    LockListener listener =
        LockListeners.forTool(APPLICATION, new LogLines(log::debug, log::info, log::warn));
    return new AdvisoryLock(key, settings.lock().retry(), listener)
        .acquire(LockSession.dedicated(source, APPLICATION, settings.lock().session()));
  }

  /**
   * Where Flyway connects by a URL itself, that has a bound; other data sources need this thread.
   */
  private static ConnectionSource another(DataSource dataSource, Connection used) {
    ConnectionSource source = () -> anotherConnection(dataSource, used);
    return dataSource.getClass().getName().equals(DATA_SOURCE_OF_URL)
        ? ConnectionSource.bounded(source)
        : source;
  }

  /** A connection that is not Flyway's own, on which the lock's settings would bound migrations. */
  private static Connection anotherConnection(DataSource dataSource, Connection used)
      throws SQLException {
    Connection opened = dataSource.getConnection();
    if (opened != null && Endpoint.isSameSession(opened, used)) {
      if (opened != used) {
        opened.close();
      }
      throw new SQLException(
          "its data source gave the connection that Flyway works on, where it should have given"
              + " another one. Give Flyway a pool, or the lock a url",
          OBJECT_IN_USE);
    }
    return opened == null ? opened : withoutSetUpTransaction(opened, used);
  }

  private static Connection withoutSetUpTransaction(Connection opened, Connection used)
      throws SQLException {
    try {
      SetUpTransaction.commit(opened, used);
      return opened;
    } catch (SQLException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** The key that a run on this connection locks. */
  static LockKey keyFor(FlywaySettings settings, Configuration flyway, Connection connection) {
    return settings.lock().keyFor(() -> defaultSchema(flyway, connection));
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
      return Endpoint.currentSchema(connection);
    } catch (SQLException e) {
      throw new FlywayException("Cannot find out the default schema", e);
    }
  }
}
