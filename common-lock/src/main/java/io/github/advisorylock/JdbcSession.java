package io.github.advisorylock;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * What dedicated and borrowed sessions have in common. The heartbeat and the watch for blockages
 * ask from threads of their own, hence the synchronisation.
 */
abstract class JdbcSession extends LockSession {

  /** What is known of the key. */
  private enum Grip {
    /** It was not taken. */
    NONE,
    /** A try for it failed, perhaps after the server had granted it. */
    UNSURE,
    /** The server said that it was granted. */
    TAKEN
  }

  private static final String NOT_HELD =
      "the session no longer held it: a statement on it has released it, such as DISCARD ALL or"
          + " pg_advisory_unlock_all()";

  private static final String REASON_REPORTED_BEFORE =
      ". If the server ended the session, the statement that failed first says why";

  private final SessionName sessionName;
  private final SessionPolicy policy;
  private @Nullable Connection connection;

  /** What a pool's connection stands for: still to be reached when that has been given back. */
  private @Nullable Connection physical;

  private LockLevel level = LockLevel.SESSION;
  private final Map<String, String> foundSettings = new LinkedHashMap<>();
  private final Map<String, String> changedSettings = new LinkedHashMap<>();
  private Grip grip = Grip.NONE;
  private int workerPid;
  private @Nullable WakeUp wakeUp;
  private boolean waits;
  private boolean announced;
  private boolean releasePrepared;
  private @Nullable String reasonOfLoss;
  private boolean returnedDead;
  private boolean canCheckConnections;
  private boolean canReadSettings;
  private volatile int backendPid;

  JdbcSession(SessionName sessionName, SessionPolicy policy) {
    this.sessionName = sessionName;
    this.policy = policy;
  }

  final SessionPolicy policy() {
    return policy;
  }

  /** A connection in autocommit mode. */
  abstract Connection connect(LockKey key, Opening opening) throws SQLException;

  /** Opens further connections that take the same way to the server; empty if that is unknown. */
  abstract Optional<ConnectionSource> others();

  /** Whether the session is there for the lock alone, so that its settings may be ours. */
  abstract boolean isOurs();

  /**
   * How the lock is held where what belongs to a session cannot be relied upon.
   *
   * @throws LockUnavailableException if it cannot
   */
  abstract LockLevel levelBehindPooler(LockKey key, @Nullable Connection pooled)
      throws SQLException;

  /**
   * The settings from the first try on, whether this release of the server has them or not. Those
   * of a session that gets the lock at once are set only then.
   */
  abstract Map<String, String> settingsToWait(Duration longestPause);

  /**
   * What is different while the session holds the lock, likewise.
   *
   * @param canCheckConnections see {@link #canCheckConnections()}
   */
  abstract Map<String, String> settingsToHold(LockLevel level, boolean canCheckConnections);

  /** The settings are as they were; also called when that failed or the connection has ended. */
  abstract void disconnect(Connection connection) throws SQLException;

  @Override
  final synchronized void open(LockKey key, Opening opening) throws SQLException {
    if (connection != null) {
      return;
    }
    Connection opened = connect(key, opening);
    connection = opened;
    physical = Endpoint.physical(opened);
    LockSql.Look look = look(opened, key);
    foundSettings.putAll(look.settings());
    canReadSettings = !look.missing().has("current_setting");
    canCheckConnections =
        look.backend().canCheckConnections()
            && foundSettings.containsKey(SessionSettings.CONNECTION_CHECK);
    boolean direct = Endpoint.isDirect(physical, look.backend().pid());
    level =
        policy.pooling().keepsSession(direct)
            ? LockLevel.SESSION
            : levelBehindPooler(key, physical);
    if (look.missing().hasAnyOf(level.functions())) {
      throw LockUnavailableException.without(key, look.missing(), null);
    }
    refuseUnlessReliable(key, look);
    if (level == LockLevel.SESSION && !direct) {
      refuseUnlessKept(key, opened);
    }
    backendPid = look.backend().pid();
  }

  private LockSql.Look look(Connection opened, LockKey key) throws SQLException {
    boolean goesBack = !isOurs() || physical != opened;
    Set<String> names = settingsThatChange();
    try {
      return LockSql.look(opened, key, names, goesBack, MissingPrivileges.NONE);
    } catch (SQLException e) {
      if (!SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))) {
        throw e;
      }
      MissingPrivileges missing = MissingPrivileges.of(opened, e);
      try {
        return LockSql.look(opened, key, names, goesBack, missing);
      } catch (SQLException again) {
        throw refused(key, again, missing);
      }
    }
  }

  /** The failure, or what to grant if that is known. */
  private static SQLException refused(
      LockKey key, SQLException failure, MissingPrivileges missing) {
    if (SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(failure))
        && !missing.grants().isEmpty()) {
      throw LockUnavailableException.without(key, missing, failure);
    }
    return failure;
  }

  /** What the user says of the pooler is checked where another connection can be opened. */
  private void refuseUnlessKept(LockKey key, Connection opened) throws SQLException {
    Optional<ConnectionSource> others = others();
    if (others.isPresent() && !KeptSession.isKept(opened, others.get())) {
      throw new LockUnavailableException(
          key,
          "pooling=session is set, but the pooler between here and the server does not keep the"
              + " session of this connection: another one has taken it over. Remove pooling, so that"
              + " the lock is held in a transaction, or give the lock a direct connection with the"
              + " settings url, user and password",
          null);
    }
  }

  private Set<String> settingsThatChange() {
    Set<String> names = new TreeSet<>(settingsToWait(Duration.ZERO).keySet());
    names.addAll(settingsToHold(LockLevel.SESSION, true).keySet());
    names.addAll(settingsToHold(LockLevel.TRANSACTION, true).keySet());
    names.addAll(Set.of(LockSql.APPLICATION_NAME, SessionSettings.CONNECTION_CHECK));
    return names;
  }

  /** Without those that the server does not have. */
  private Map<String, String> known(Map<String, String> settings) {
    Map<String, String> known = new LinkedHashMap<>(settings);
    known.keySet().retainAll(foundSettings.keySet());
    return known;
  }

  private void change(Map<String, String> settings) throws SQLException {
    LockSql.set(current(), settings);
    changedSettings.putAll(settings);
  }

  private void refuseUnlessReliable(LockKey key, LockSql.Look look) {
    if (look.standby()) {
      throw new LockUnavailableException(key, LockUnavailableException.STANDBY, null);
    }
    if (look.backend().hasOneSession()) {
      throw new LockUnavailableException(key, LockUnavailableException.ONE_SESSION, null);
    }
    if (look.alreadyHeld() && level == LockLevel.SESSION) {
      throw new LockUnavailableException(
          key,
          "its session holds it already: a statement on this connection has acquired and not"
              + " released it, or the server gives several clients one session. Release it before,"
              + " or use another key",
          null);
    }
  }

  @Override
  final synchronized boolean tryLock(LockKey key) throws SQLException {
    Connection current = current();
    if (wakeUp != null) {
      wakeUp.throwFailure();
    }
    grip = Grip.UNSURE;
    Map<String, String> ifGranted = settingsIfGranted(key);
    LockSql.Grip seen;
    try {
      seen =
          level.tryLock(
              current, key, ifGranted, policy.lease(), listeners() > 0, !waits || isWokenUp());
    } catch (SQLException e) {
      throw SqlStates.INSUFFICIENT_PRIVILEGE.equals(SqlStates.of(e))
          ? refused(key, e, missingPrivileges(current, e))
          : e;
    }
    grip = seen.granted() ? Grip.TAKEN : Grip.NONE;
    if (wakeUp != null) {
      wakeUp.hasTried(seen.granted());
    }
    if (!seen.granted()) {
      return false;
    }
    changedSettings.putAll(ifGranted);
    if (!seen.held()) {
      throw new LockUnavailableException(
          key,
          "the server granted it, but pg_locks does not show it under this session. The server only"
              + " pretends to have advisory locks, or a pooler hands each statement to another"
              + " session. Use a direct connection to PostgreSQL",
          null);
    }
    backendPid = seen.backendPid();
    workerPid = seen.workerPid();
    return true;
  }

  private MissingPrivileges missingPrivileges(Connection current, SQLException failure)
      throws SQLException {
    if (level == LockLevel.TRANSACTION) {
      LockSql.rollback(current); // it has failed, and would answer nothing
    }
    return MissingPrivileges.of(current, failure);
  }

  private boolean isWokenUp() {
    return wakeUp != null && wakeUp.hasBeenWokenUp();
  }

  private Map<String, String> settingsIfGranted(LockKey key) {
    Map<String, String> settings = new LinkedHashMap<>();
    if (level == LockLevel.SESSION && !waits) {
      settings.putAll(settingsToWait(Duration.ZERO));
    }
    settings.putAll(settingsToHold(level, canCheckConnections));
    settings.put(LockSql.APPLICATION_NAME, sessionName.holding(key));
    return known(settings);
  }

  @Override
  final synchronized boolean startWaiting(LockKey key, Duration longestPause) throws SQLException {
    if (waits) {
      return false;
    }
    waits = true;
    Map<String, String> settings = known(settingsToWait(longestPause));
    if (level == LockLevel.SESSION && !settings.isEmpty()) {
      change(settings);
    }
    return policy.wakeUp() && listen(key);
  }

  private boolean listen(LockKey key) throws SQLException {
    if (level == LockLevel.SESSION && physical instanceof PGConnection driver) {
      wakeUp = WakeUp.start(current(), driver, key, backendPid);
    }
    if (wakeUp == null) {
      System.getLogger(JdbcSession.class.getName())
          .log(System.Logger.Level.DEBUG, "Nobody can wake this session up, so it tries again");
    }
    return wakeUp != null;
  }

  @Override
  final int listeners() {
    return wakeUp == null ? 0 : wakeUp.listeners();
  }

  @Override
  final boolean isWokenUpUnverified() {
    return wakeUp != null && wakeUp.isUnverified();
  }

  @Override
  final void awaitRelease(Duration atMost, Timing timing) throws InterruptedException {
    if (wakeUp != null) {
      wakeUp.await(atMost, timing);
    }
  }

  /** Stops to listen, if it does. */
  final synchronized void stopListening() throws SQLException {
    if (wakeUp != null) {
      wakeUp.stop(current());
    }
  }

  @Override
  final synchronized @Nullable LockHolder orphan(LockKey key) throws SQLException {
    if (workerPid == 0) {
      return null;
    }
    Connection current = current();
    LockHolder orphan = endIfIdle(key, current);
    workerPid = level.ask(current, asked -> LockSql.workerPid(asked, key));
    return workerPid == 0 ? null : orphan;
  }

  /**
   * Whether it has gone, pg_locks says: what cannot be seen or ended here must not end the wait.
   */
  private LockHolder endIfIdle(LockKey key, Connection current) {
    LockKey workKey = key.forWork();
    LockHolder orphan = LockHolder.unseen(workKey, workerPid);
    try {
      orphan =
          level
              .ask(current, asked -> Optional.ofNullable(LockSql.holder(asked, workKey)))
              .orElse(orphan);
      level.ask(current, orphan::terminateIfIdle);
    } catch (SQLException e) {
      log("Who still works cannot be seen or ended", e);
    }
    return orphan;
  }

  @Override
  final void announceWaiting(LockKey key) throws SQLException {
    if (level == LockLevel.SESSION && grip != Grip.TAKEN && !announced) {
      change(known(Map.of(LockSql.APPLICATION_NAME, sessionName.waiting(key))));
      announced = true;
    }
  }

  @Override
  final @Nullable LockHolder holder(LockKey key) throws SQLException {
    LockHolder holder =
        level == LockLevel.SESSION && physical instanceof PGConnection
            ? LockSql.holderPlannedOnce(current(), key)
            : LockSql.holder(current(), key);
    if (wakeUp != null && holder != null) {
      wakeUp.expectReleaseBy(holder.session().pid());
    }
    return holder;
  }

  @Override
  final boolean canCheckConnections() {
    return canCheckConnections;
  }

  @Override
  final boolean canReadSettings() {
    return canReadSettings;
  }

  @Override
  final WorkTimeouts timeouts() {
    return policy.timeouts();
  }

  /**
   * In a transaction not: a look takes a snapshot, and a CREATE INDEX CONCURRENTLY that happens to
   * see it waits for the end of that transaction.
   */
  @Override
  final synchronized Optional<Duration> betweenLooks() {
    return isOurs() && level == LockLevel.SESSION
        ? policy.timeouts().betweenLooks()
        : Optional.empty();
  }

  @Override
  final synchronized @Nullable Blockage blockage(LockKey key) throws SQLException {
    Connection current = usable();
    try {
      return current == null ? null : LockSql.blockage(current, key.forWork());
    } catch (SQLException e) {
      loss(key, e);
      throw e;
    }
  }

  @Override
  final synchronized List<ServerSession> suspects(String statement) throws SQLException {
    Connection current = usable();
    if (current == null) {
      return List.of();
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
      return level.ask(scope.connection(), asked -> LockSql.suspects(asked, statement));
    } catch (SQLException e) {
      if (isOurs() || !SqlStates.IN_FAILED_TRANSACTION.equals(SqlStates.of(e))) {
        throw e;
      }
      LockSql.rollback(current);
      return suspects(statement);
    }
  }

  @Override
  final int backendPid() {
    return backendPid;
  }

  @Override
  final boolean isSeenAs(LockKey key, ServerSession seen) {
    return seen.pid() == backendPid && seen.applicationName().equals(sessionName.holding(key));
  }

  @Override
  final synchronized Optional<String> prepareRelease(LockKey key) {
    boolean unprepared = !releasePrepared && wakeUp == null;
    releasePrepared = true;
    if (unprepared && connection != null && wakesOthersUp() && physical instanceof PGConnection) {
      try {
        LockSql.planUnlockAndWake(connection, key);
      } catch (SQLException e) {
        return loss(key, e);
      } catch (RuntimeException e) { // from some pool's wrapper
        log("The release could not be prepared", e);
      }
    }
    return Optional.empty();
  }

  private boolean wakesOthersUp() {
    return policy.wakeUp() && level == LockLevel.SESSION;
  }

  @Override
  final synchronized Optional<String> loss(LockKey key) {
    return loss(key, null);
  }

  /** A server says only once why it ends a session, to whoever asks first. */
  private Optional<String> loss(LockKey key, @Nullable SQLException earlier) {
    Optional<String> seen = seenLoss(key);
    if (reasonOfLoss == null) {
      reasonOfLoss = seen.map(now -> earlier == null ? now : Text.of(earlier)).orElse(null);
    }
    return seen.map(now -> Objects.requireNonNullElse(reasonOfLoss, now));
  }

  /**
   * Returns it before the release, when the program may be closing its pool: DBCP2 opens another
   * connection in the place of one that is returned dead, and leaves it open if it is closed then.
   */
  @Override
  final synchronized void returnIfDead() {
    Connection current = usable();
    if (!isOurs() || current == null || grip != Grip.TAKEN || !isClosed(current)) {
      return;
    }
    returnedDead = true;
    endPhysically(current);
    disconnectQuietly(current);
  }

  private Optional<String> seenLoss(LockKey key) {
    Connection current = connection;
    if (current == null || grip != Grip.TAKEN) {
      return Optional.empty();
    }
    if (returnedDead) {
      return Optional.of(NOT_HELD);
    }
    try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
      return level.isHeld(scope.connection(), key) ? Optional.empty() : Optional.of(NOT_HELD);
    } catch (SQLException e) {
      return Optional.of(describe(e));
    } catch (RuntimeException e) { // from some pool's wrapper
      return Optional.of(e.toString());
    }
  }

  /** A server reports only once why it ended a session: to the first statement that failed. */
  private String describe(SQLException failure) {
    boolean reported =
        !isOurs() && SqlStates.CONNECTION_DOES_NOT_EXIST.equals(SqlStates.of(failure));
    return Text.of(failure) + (reported ? REASON_REPORTED_BEFORE : "");
  }

  @Override
  final synchronized Optional<String> giveBack(LockKey key) {
    Connection current = connection;
    if (current == null) {
      return Optional.empty();
    }
    if (returnedDead) {
      Optional<String> reason = loss(key);
      forget();
      return reason;
    }
    Grip before = grip;
    boolean mayStay = false;
    try {
      Optional<String> problem =
          before == Grip.NONE
              ? Optional.empty()
              : problemWith(() -> unlock(current, key)).map(said -> said + outOfReach(current));
      Optional<String> anyProblem =
          problem.isPresent() ? problem : problemWith(() -> restore(current, before));
      mayStay = anyProblem.isEmpty() || (!isOurs() && before == Grip.NONE);
      return before == Grip.TAKEN ? problem : Optional.empty();
    } finally {
      if (!mayStay) {
        endPhysically(current);
      }
      forget(current);
    }
  }

  /**
   * What there is to say besides, where {@link #endPhysically} can do nothing: if the session has
   * not ended by itself, the lock stays behind, and only an operator can end it.
   */
  private String outOfReach(Connection current) {
    return physical == null && isClosed(current)
        ? "; its connection was closed before the release, and hides its driver: unless pid %d has ended, some pool has it together with the lock (to end it: %s)"
            .formatted(backendPid, LockSql.endHolder(backendPid))
        : "";
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException | RuntimeException e) {
      return true;
    }
  }

  /** Something that is done when the session is given back; empty if it went well. */
  @FunctionalInterface
  private interface Part {
    Optional<String> run() throws SQLException;
  }

  private Optional<String> problemWith(Part part) {
    try {
      return part.run();
    } catch (SQLException e) {
      return Optional.of(describe(e));
    } catch (Throwable e) { // from some pool's wrapper, or no memory left
      return Optional.of(e.toString());
    }
  }

  private Optional<String> unlock(Connection current, LockKey key) throws SQLException {
    boolean unlocked;
    try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
      // A notification would forbid the transaction of somebody else to be prepared.
      boolean wake = policy.wakeUp() && scope.connection().getAutoCommit();
      if (!isOurs() && policy.timeouts().areSet()) { // which are for the work, and not for this
        LockSql.set(scope.connection(), policy.timeouts().suspended());
      }
      unlocked = level.unlock(scope.connection(), key, wake);
    } catch (SQLException e) {
      if (!SqlStates.IN_FAILED_TRANSACTION.equals(SqlStates.of(e))) {
        throw e;
      }
      LockSql.rollback(current);
      return unlock(current, key);
    }
    return unlocked || grip == Grip.UNSURE ? Optional.empty() : Optional.of(NOT_HELD);
  }

  /** All that may have been changed, where it is unknown whether it was. */
  private Map<String, String> settingsToRestore(Grip before) {
    Map<String, String> settings = new LinkedHashMap<>(foundSettings);
    if (before != Grip.UNSURE) {
      settings.keySet().retainAll(changedSettings.keySet());
    }
    return settings;
  }

  /** What was changed and may have been changed by a script since. */
  private Map<String, String> settingsLeftToScripts(Grip before) {
    return before != Grip.UNSURE && !isOurs()
        ? SessionSettings.leftToScripts(changedSettings)
        : Map.of();
  }

  /** What ends with the connection need not be restored. */
  private Optional<String> restore(Connection current, Grip before) throws SQLException {
    if (!isOurs() || physical != current) {
      try (AutoCommit scope = AutoCommit.unlessInTransaction(current)) {
        level.restore(scope.connection(), settingsToRestore(before), settingsLeftToScripts(before));
        if (wakeUp != null) {
          wakeUp.stop(scope.connection());
        }
      }
    }
    return Optional.empty();
  }

  /** Drops a connection that failed, in such a way that the server frees whatever it holds. */
  final synchronized void abandon() {
    if (connection != null) {
      endPhysically(connection);
      forget(connection);
    }
  }

  private void forget(Connection current) {
    forget();
    disconnectQuietly(current);
  }

  private void disconnectQuietly(Connection current) {
    try {
      disconnect(current);
    } catch (Throwable e) {
      // A connection that cannot be returned has ended, and the lock with it.
      log("Returning a connection failed", e);
    }
  }

  private void forget() {
    connection = null;
    physical = null;
    foundSettings.clear();
    changedSettings.clear();
    grip = Grip.NONE;
    level = LockLevel.SESSION;
    workerPid = 0;
    wakeUp = null;
    waits = false;
    announced = false;
    releasePrepared = false;
    reasonOfLoss = null;
    returnedDead = false;
  }

  private void endPhysically(Connection current) {
    endPhysically(current, physical);
  }

  /**
   * Ends the session on the server, whatever pool the connection comes from, and lets that pool
   * notice, so that nobody gets it who believes it to be free of locks.
   */
  static void endPhysically(Connection current, @Nullable Connection physical) {
    try {
      if (physical == null || !isAborted(physical)) {
        LockSql.terminateThisSession(current);
      }
      LockSql.touch(current);
    } catch (Throwable e) {
      // As it should be: the connection has ended.
      log("A session was ended", e);
    }
  }

  private static boolean isAborted(Connection physical) {
    try {
      physical.abort(Runnable::run);
      return true;
    } catch (SQLException | RuntimeException | LinkageError e) { // a driver older than JDBC 4.1
      log("A connection could not be aborted, so the server is asked to end its session", e);
      return false;
    }
  }

  private static void log(String message, Throwable e) {
    System.getLogger(JdbcSession.class.getName()).log(System.Logger.Level.DEBUG, message, e);
  }

  /** Null if there is none, or its pool has it again. */
  private @Nullable Connection usable() {
    return returnedDead ? null : connection;
  }

  private Connection current() {
    if (connection == null) {
      throw new IllegalStateException("The session is not open");
    }
    return connection;
  }
}
