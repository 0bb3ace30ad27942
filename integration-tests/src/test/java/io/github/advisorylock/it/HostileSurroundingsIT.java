package io.github.advisorylock.it;

import static io.github.advisorylock.it.HostileEnding.afterOthersWent;
import static io.github.advisorylock.it.HostileEnding.failure;
import static io.github.advisorylock.it.HostileEnding.refusal;
import static io.github.advisorylock.it.HostileEnding.reportSaying;
import static io.github.advisorylock.it.HostileEnding.success;
import static io.github.advisorylock.it.HostileEnding.successSaying;
import static io.github.advisorylock.it.HostileEnding.table;
import static io.github.advisorylock.it.HostileEnding.timeout;
import static io.github.advisorylock.it.HostileRun.CORE;
import static io.github.advisorylock.it.HostileRun.CORE_BORROWED;
import static io.github.advisorylock.it.HostileRun.FLYWAY;
import static io.github.advisorylock.it.HostileRun.FLYWAY_WITH_URL;
import static io.github.advisorylock.it.HostileRun.LIQUIBASE;
import static io.github.advisorylock.it.HostileRun.LIQUIBASE_WITH_URL;
import static io.github.advisorylock.it.HostileRun.RELEASE_LOCKS;
import static io.github.advisorylock.it.Hostility.administrator;
import static io.github.advisorylock.it.Hostility.atConnection;
import static io.github.advisorylock.it.Hostility.connections;
import static io.github.advisorylock.it.Hostility.listener;
import static io.github.advisorylock.it.Hostility.migrations;
import static io.github.advisorylock.it.Hostility.nothing;
import static io.github.advisorylock.it.Hostility.onceAcquired;
import static io.github.advisorylock.it.Hostility.onceRefused;
import static io.github.advisorylock.it.Hostility.onceWaiting;
import static io.github.advisorylock.it.Hostility.otherDatabase;
import static io.github.advisorylock.it.Hostility.othersGo;
import static io.github.advisorylock.it.Hostility.parameters;
import static io.github.advisorylock.it.Hostility.preparedTransaction;
import static io.github.advisorylock.it.Hostility.refusing;
import static io.github.advisorylock.it.Hostility.sameRole;
import static io.github.advisorylock.it.Hostility.setting;
import static io.github.advisorylock.it.Hostility.superuser;
import static io.github.advisorylock.it.Hostility.url;
import static io.github.advisorylock.it.Hostility.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.advisorylock.ForwardingListener;
import io.github.advisorylock.LockListener;
import io.github.advisorylock.LockLostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bad input and hostile surroundings: whatever is wrong, a run either succeeds or says what is
 * wrong and what to do; it changes nothing that it should not, leaves neither lock nor session
 * behind, and tells nobody a password.
 *
 * <p>All runs are those of a role without privileges. What cannot be had from a real server here,
 * such as a standby or messages in another language, is made up by {@link RewritingConnection}.
 */
@Timeout(60) // where a setting or a release does not arrive, a run would wait for five minutes
class HostileSurroundingsIT {

  private static final Set<HostileRun> BOTH = EnumSet.of(FLYWAY, LIQUIBASE);
  private static final Set<HostileRun> WITH_URL = EnumSet.of(FLYWAY_WITH_URL, LIQUIBASE_WITH_URL);
  private static final Set<HostileRun> ALL =
      EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE, LIQUIBASE_WITH_URL);
  private static final Set<HostileRun> ONLY_FLYWAY = EnumSet.of(FLYWAY);
  private static final Set<HostileRun> ONLY_LIQUIBASE = EnumSet.of(LIQUIBASE);

  private static final String LEAVE_OUT = "a value; leave the property out for its default";
  private static final String DURATION = "a duration from 0 to 365 days: 500ms, 30s, 5m, 1h, PT5M";
  private static final String DELAY = "a duration from 1 ms to 365 days";
  private static final String WORK_TIMEOUT =
      "0 for none, or a duration from 1ms to 24 days: 1500ms, 30s, 5m, 1h, PT5M";
  private static final String LEASE =
      "0 for none, or a duration from 1s to 24h: 1500ms, 30s, 5m, 1h, PT5M";
  private static final String TRIES = "a whole number from 1 to 999999999, or unlimited";
  private static final String A_URL = "a JDBC URL such as jdbc:postgresql://host:5432/database";
  private static final String A_KEY = "a whole number from -9223372036854775808 to";

  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Hostility TERMINATING = setting("forceRelease", "terminate");
  private static final Hostility SHORT_WAIT = setting("timeout", "300ms");

  private static final String HOLD = "SELECT pg_advisory_lock(:key)";
  private static final String SHARE = "SELECT pg_advisory_lock_shared(:key)";
  private static final String SHARE_WORK = "SELECT pg_advisory_lock_shared(:work)";
  private static final String HIDE_LOCKS = "REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC";
  private static final String HIDE_SESSIONS =
      "REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC";
  private static final String UNLOCK_ALL = "SELECT pg_advisory_unlock_all()";

  private static final String TRY = "pg_catalog.pg_try_advisory_lock(?)";
  private static final String SERIALIZABLE =
      "ALTER DATABASE :database SET default_transaction_isolation = 'serializable'";

  /** What would make anybody believe that the lock is theirs who looks into public first. */
  private static final String[] SHADOWS = {
    "CREATE FUNCTION public.pg_try_advisory_lock(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_try_advisory_xact_lock(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_try_advisory_lock_shared(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_try_advisory_xact_lock_shared(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_advisory_unlock(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_advisory_unlock_shared(bigint) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_backend_pid() RETURNS int RETURN 1",
    "CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean RETURN true",
    "CREATE FUNCTION public.pg_terminate_backend(int) RETURNS boolean RETURN true",
    "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz RETURN 'epoch'::timestamptz",
    "CREATE AGGREGATE public.min(int) (SFUNC = int4larger, STYPE = int)",
    "CREATE DOMAIN public.oid AS text",
    "CREATE DOMAIN public.float8 AS text",
    "CREATE VIEW public.pg_locks AS SELECT * FROM pg_catalog.pg_locks WHERE false",
    "CREATE VIEW public.pg_stat_activity AS SELECT 1 AS pid",
    "CREATE VIEW public.pg_database AS SELECT 1 AS oid, 'none' AS datname",
    "ALTER DATABASE :database SET search_path = public, pg_catalog"
  };

  /** A row of the table. */
  private record Case(
      String wrong, HostileRun run, Where where, Hostility hostility, HostileEnding ending) {

    @Override
    public String toString() {
      return run + ": " + wrong;
    }
  }

  /** On which server. */
  private enum Where {
    THE_SERVER {
      @Override
      Server server() {
        return Server.get();
      }
    },

    /** Few connections, few locks, and each statement in its log. */
    SMALL_SERVER {
      @Override
      Server server() {
        return SmallServer.SERVER;
      }
    };

    abstract Server server();
  }

  private static final class SmallServer {
    static final Server SERVER =
        Server.another(
            Map.of(
                "max_connections", "14",
                "superuser_reserved_connections", "4",
                "max_locks_per_transaction", "10",
                "log_statement", "all",
                "logging_collector", "on"));
  }

  private static Stream<Case> row(
      String wrong, Set<HostileRun> runs, HostileEnding ending, Hostility... hostilities) {
    return rowOn(Where.THE_SERVER, wrong, runs, ending, hostilities);
  }

  private static Stream<Case> rowOn(
      Where where,
      String wrong,
      Set<HostileRun> runs,
      HostileEnding ending,
      Hostility... hostilities) {
    Hostility all =
        stage -> {
          for (Hostility hostility : hostilities) {
            hostility.prepare(stage);
          }
        };
    return runs.stream().map(run -> new Case(wrong, run, where, all, ending));
  }

  /** A setting that cannot be used. */
  private static Stream<Case> rejected(
      String name, String value, String allowed, Hostility... others) {
    return rejected(BOTH, name, value, allowed, others);
  }

  private static Stream<Case> rejected(
      Set<HostileRun> runs, String name, String value, String allowed, Hostility... others) {
    String shown = name.equals("password") ? "***" : value;
    Hostility[] all = Arrays.copyOf(others, others.length + 1);
    all[others.length] = setting(name, value);
    return row(
        "%s is '%s'".formatted(name, value),
        runs,
        refusal("advisoryLock.%s is '%s', but must be %s".formatted(name, shown, allowed)),
        all);
  }

  static Stream<Case> settings() {
    String password = HostileStage.PASSWORD;
    return Stream.of(
            rejected("active", "", LEAVE_OUT),
            rejected("active", "yes", "true or false"),
            rejected("active", "1", "true or false"),
            rejected("key", "", LEAVE_OUT),
            rejected("key", "9223372036854775808", A_KEY),
            rejected("key", "-9223372036854775809", A_KEY),
            rejected("scope", "", LEAVE_OUT),
            rejected("scope", "table", "database or schema"),
            rejected("timeout", "", LEAVE_OUT),
            rejected("timeout", "soon", DURATION),
            rejected("timeout", "-1", DURATION),
            rejected("timeout", "PT-1S", DURATION),
            rejected("timeout", "1.5s", DURATION),
            rejected("timeout", "8761h", DURATION),
            rejected("timeout", "99999999999999999999", DURATION),
            rejected("maxAttempts", "", LEAVE_OUT),
            rejected("maxAttempts", "0", TRIES),
            rejected("maxAttempts", "-1", TRIES),
            rejected("maxAttempts", "1.5", TRIES),
            rejected("maxAttempts", "many", TRIES),
            rejected("maxAttempts", "1000000000", TRIES),
            rejected("backoff", "", LEAVE_OUT),
            rejected("backoff", "0", DELAY),
            rejected("backoff", "fast", DELAY),
            rejected("backoff", "8761h", DELAY),
            rejected("backoffStep", "", LEAVE_OUT),
            rejected("backoffStep", "-1ms", DURATION),
            rejected("backoffStep", "P1M", DURATION),
            rejected("maxBackoff", "", LEAVE_OUT),
            rejected("maxBackoff", "0ms", DELAY),
            rejected("maxBackoff", "a while", DELAY),
            rejected(
                "maxBackoff",
                "50ms",
                "at least as long as backoff, which is 1.5 s",
                setting("backoff", "1500ms")),
            rejected("wakeUp", "", LEAVE_OUT),
            rejected("wakeUp", "sometimes", "true or false"),
            rejected("lease", "", LEAVE_OUT),
            rejected("lease", "999ms", LEASE),
            rejected("lease", "25h", LEASE),
            rejected("lease", "-30s", LEASE),
            rejected("lease", "forever", LEASE),
            rejected("pooling", "", LEAVE_OUT),
            rejected("pooling", "maybe", "auto or session or transaction"),
            rejected("migrationLockTimeout", "", LEAVE_OUT),
            rejected("migrationLockTimeout", "soon", WORK_TIMEOUT),
            rejected("migrationLockTimeout", "-1", WORK_TIMEOUT),
            rejected("migrationLockTimeout", "PT0.0009S", WORK_TIMEOUT),
            rejected("migrationLockTimeout", "577h", WORK_TIMEOUT),
            rejected("migrationStatementTimeout", "", LEAVE_OUT),
            rejected("migrationStatementTimeout", "none", WORK_TIMEOUT),
            rejected("migrationStatementTimeout", "1.5s", WORK_TIMEOUT),
            rejected("migrationStatementTimeout", "PT0.0009S", WORK_TIMEOUT),
            rejected("migrationStatementTimeout", "2147483648ms", WORK_TIMEOUT),
            rejected("url", "", LEAVE_OUT),
            rejected("url", "localhost:5432/x", A_URL),
            rejected("url", "jdbc:mysql://localhost/x", A_URL),
            rejected("user", "", LEAVE_OUT, url("")),
            rejected("user", "app", "left out when url is not set"),
            rejected("password", password, "left out when url is not set"),
            rejected(ONLY_FLYWAY, "nativeLock", "", LEAVE_OUT),
            rejected(ONLY_FLYWAY, "nativeLock", "session", "auto or keep"),
            rejected(ONLY_LIQUIBASE, "tableLock", "", LEAVE_OUT),
            rejected(ONLY_LIQUIBASE, "tableLock", "ignore", "warn or honour"),
            rejected(ONLY_LIQUIBASE, "forceRelease", "", LEAVE_OUT),
            rejected(ONLY_LIQUIBASE, "forceRelease", "always", "report or terminate"),
            row(
                "a setting of the other tool",
                ONLY_FLYWAY,
                refusal("advisoryLock.tableLock"),
                setting("tableLock", "warn")),
            row(
                "a setting of the other tool, which Liquibase lets pass",
                ONLY_LIQUIBASE,
                success(),
                setting("nativeLock", "keep")),
            row(
                "a bad setting of a lock that is switched off",
                BOTH,
                success(),
                setting("active", "FALSE"),
                setting("timeout", "soon")),
            row(
                "pooling=transaction, where the lock has no connection of its own",
                ONLY_LIQUIBASE,
                refusal("Give the lock a direct connection with the settings url"),
                setting("pooling", "transaction")),
            row(
                "pooling=transaction, where it has one",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                success(),
                setting("pooling", "transaction")),
            row(
                "a url whose port is none, with a password in it",
                BOTH,
                refusal("Unable to parse URL jdbc:postgresql://localhost:port/x?password=***"),
                setting("url", "jdbc:postgresql://localhost:port/x?password=" + password)),
            row(
                "a url that nobody listens at, with a password in it",
                BOTH,
                refusal("the last try failed", "08001"),
                setting("url", "jdbc:postgresql://localhost:1/x?user=x&password=" + password),
                setting("timeout", "0")),
            row(
                "a url with a bad parameter",
                BOTH,
                refusal("Invalid sslmode value", "sometimes"),
                url("?sslmode=sometimes"),
                setting("maxAttempts", "1")),
            row(
                "a url with a wrong password",
                BOTH,
                refusal("There is no advisory lock", "28P01"),
                url("?password=" + password + "-not"),
                stage -> stage.settings().remove("password")),
            row("a url to a database that does not exist", BOTH, refusal("3D000"), url("_not")),
            row(
                "a url to another database of the server",
                BOTH,
                failure("They are on different servers or databases"),
                otherDatabase()),
            row("a url to the same database, as another role", WITH_URL, success(), nothing()))
        .flatMap(Function.identity());
  }

  /** Keys of any kind, each free at first and then held. */
  static Stream<Case> keys() {
    return Stream.of(
            "Schlüssel \uD83D\uDD11 鍵",
            "it's \"quoted\" \\ 'twice'",
            "100% of %s and %d, ${x} and {0}",
            "k".repeat(10_000),
            "two\nlines; DROP TABLE one --",
            "nul \u0000 byte",
            "-9223372036854775808",
            "+0")
        .flatMap(
            key ->
                row(
                    "the key is " + printable(key),
                    EnumSet.of(FLYWAY, LIQUIBASE_WITH_URL),
                    success(),
                    setting("key", key),
                    setting("maxAttempts", "1")));
  }

  private static String printable(String key) {
    String all = key.replaceAll("\\p{Cntrl}", "?");
    return all.length() <= 40 ? all : all.substring(0, 40) + "…";
  }

  static Stream<Case> roles() {
    return Stream.of(
            row(
                "the role may not read pg_locks",
                BOTH,
                refusal("42501", "grant select on pg_catalog.pg_locks"),
                administrator(HIDE_LOCKS)),
            row(
                "no role may read pg_locks, the lock's own neither",
                WITH_URL,
                refusal("42501", "grant select on pg_catalog.pg_locks"),
                administrator(HIDE_LOCKS)),
            row(
                "the lock's role may read pg_locks, the one that works may not",
                WITH_URL,
                failure("permission denied for view pg_locks"),
                administrator(HIDE_LOCKS, "GRANT SELECT ON pg_locks TO :lockRole")),
            row(
                "the role may not read pg_stat_activity",
                ALL,
                success(),
                administrator(HIDE_SESSIONS)),
            row(
                "it may not, and somebody holds the lock",
                ALL,
                timeout(SHORT, "its holder could not be seen"),
                administrator(HIDE_SESSIONS),
                superuser(HOLD),
                SHORT_WAIT),
            row(
                "it may not, and somebody holds the lock for a while",
                ALL,
                successSaying("its holder could not be seen"),
                administrator(HIDE_SESSIONS),
                superuser(HOLD),
                onceWaiting(othersGo())),
            row(
                "it may not, and somebody still works",
                ALL,
                timeout(SHORT, "a session still works for a run that has lost it: pid :pid"),
                administrator(HIDE_SESSIONS),
                superuser(SHARE_WORK),
                SHORT_WAIT),
            row(
                "it may not, and somebody still works for a while",
                ALL,
                successSaying("a session still works for a run that has lost it: pid :pid"),
                administrator(HIDE_SESSIONS),
                superuser(SHARE_WORK),
                onceWaiting(othersGo())),
            row(
                "an idle session of another role still works: it must not be ended",
                ALL,
                timeout(
                    Duration.ofMillis(1_500),
                    "a session still works for a run that has lost it: pid :pid",
                    "select pg_catalog.pg_terminate_backend(:pid)"),
                superuser(SHARE_WORK),
                setting("timeout", "1500ms")),
            row(
                "the same, where the role may see all of it",
                ALL,
                timeout(
                    Duration.ofMillis(1_500),
                    "a session still works for a run that has lost it: pid :pid",
                    "idle"),
                administrator("GRANT pg_read_all_stats TO :role, :lockRole"),
                superuser(SHARE_WORK),
                setting("timeout", "1500ms")),
            row(
                "an idle session of the same role still works: it is ended",
                BOTH,
                successSaying("a session still works for a run that has lost it: pid :pid"),
                sameRole(SHARE_WORK)),
            row(
                "release-locks by a role that may not end the holder",
                EnumSet.of(RELEASE_LOCKS),
                refusal(
                    "is held by pid :pid",
                    "whose session the role :role may not end",
                    "select pg_catalog.pg_terminate_backend(:pid)"),
                superuser(HOLD),
                TERMINATING),
            row(
                "the same, where the role may see all of the holder",
                EnumSet.of(RELEASE_LOCKS),
                refusal("whose session the role :role may not end"),
                administrator("GRANT pg_read_all_stats TO :role"),
                superuser(HOLD),
                TERMINATING),
            row(
                "release-locks by a role that may not read pg_stat_activity",
                EnumSet.of(RELEASE_LOCKS),
                refusal("Could not determine the holder", "pg_stat_activity"),
                administrator(HIDE_SESSIONS),
                superuser(HOLD),
                TERMINATING),
            row(
                "the same, where the holder is only to be reported",
                EnumSet.of(RELEASE_LOCKS),
                reportSaying("Could not determine the holder", "pg_stat_activity"),
                administrator(HIDE_SESSIONS),
                superuser(HOLD)))
        .flatMap(Function.identity());
  }

  static Stream<Case> holders() {
    return Stream.of(
            row(
                "another tool holds the key",
                ALL,
                timeout(SHORT, "held by pid :pid", "select pg_catalog.pg_terminate_backend(:pid)"),
                superuser(HOLD),
                SHORT_WAIT),
            row(
                "another tool holds the key, shared",
                ALL,
                timeout(SHORT, "held by pid :pid"),
                superuser(SHARE),
                SHORT_WAIT),
            row(
                "another tool holds the key, idle in a transaction",
                ALL,
                timeout(SHORT, "held by pid :pid", "idle in transaction"),
                administrator("GRANT pg_read_all_stats TO :role, :lockRole"),
                superuser("BEGIN", HOLD),
                SHORT_WAIT),
            row(
                "another tool holds the key for a transaction, for a while",
                ALL,
                successSaying("held by pid :pid"),
                superuser("BEGIN", "SELECT pg_advisory_xact_lock(:key)"),
                onceWaiting(othersGo())),
            row(
                "the holder's statement mentions a password",
                BOTH,
                timeout(SHORT, "held by pid :pid"),
                sameRole(
                    HOLD + " /* the password is '" + HostileStage.PASSWORD + "' */",
                    "BEGIN",
                    "SELECT 'password', '" + HostileStage.PASSWORD + "'"),
                SHORT_WAIT),
            row(
                "another tool holds two int keys that look like ours",
                ALL,
                success(),
                superuser("SELECT pg_advisory_lock(:class, :object)"),
                SHORT_WAIT),
            row(
                "a prepared transaction holds the key",
                ALL,
                timeout(SHORT, "its holder could not be seen"),
                preparedTransaction("SELECT pg_advisory_xact_lock(:key)"),
                SHORT_WAIT),
            row(
                "somebody holds the key for work, for itself alone",
                ALL,
                timeout(SHORT, "pid :pid"),
                superuser("SELECT pg_advisory_lock(:work)"),
                SHORT_WAIT),
            row(
                "the same, since after the lock was acquired",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                failure("another session has locked it for itself alone", "select a.* from"),
                onceAcquired(superuser("SELECT pg_advisory_lock(:work)"))))
        .flatMap(Function.identity());
  }

  static Stream<Case> servers() {
    return Stream.of(
            row(
                "a read-only standby",
                BOTH,
                refusal("the server is a read-only standby", "targetServerType=primary"),
                connections(
                    (connection, number) ->
                        RewritingConnection.of(
                            connection, "pg_catalog.pg_is_in_recovery()", "true"))),
            row(
                "the role has no connection left for the lock",
                WITH_URL,
                refusal("the last try failed", "53300"),
                administrator("ALTER ROLE :lockRole CONNECTION LIMIT 0"),
                SHORT_WAIT),
            row(
                "the role has no connection left for the lock, for a while",
                WITH_URL,
                successSaying("Cannot try for the advisory lock", "53300"),
                administrator("ALTER ROLE :lockRole CONNECTION LIMIT 0"),
                onceRefused(administrator("ALTER ROLE :lockRole CONNECTION LIMIT 9"))),
            row(
                "the database has no connection left for the lock, for a while",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                successSaying("Cannot try for the advisory lock", "53300"),
                atConnection(1, administrator("ALTER DATABASE :database CONNECTION LIMIT 1")),
                onceRefused(administrator("ALTER DATABASE :database CONNECTION LIMIT -1"))),
            rowOn(
                Where.SMALL_SERVER,
                "the server has no connection left for the lock",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                refusal("the last try failed", "remaining connection slots", "53300"),
                atConnection(1, Hostility::takeAllSlots),
                SHORT_WAIT),
            rowOn(
                Where.SMALL_SERVER,
                "the server has no connection left for the lock, for a while",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                successSaying("Cannot try for the advisory lock", "53300"),
                atConnection(1, Hostility::takeAllSlots),
                onceRefused(othersGo())),
            rowOn(
                Where.SMALL_SERVER,
                "the server has no room for one lock more",
                EnumSet.of(FLYWAY, CORE),
                afterOthersWent()
                    .and(failure("the last try failed", "max_locks_per_transaction", "53200")),
                stage ->
                    atConnection(stage.lockConnection(), Hostility::takeAllLocks).prepare(stage),
                SHORT_WAIT),
            rowOn(
                Where.SMALL_SERVER,
                "the server has no room for one lock more, for a while",
                EnumSet.of(FLYWAY, CORE),
                successSaying("Cannot try for the advisory lock", "53200"),
                stage ->
                    atConnection(stage.lockConnection(), Hostility::takeAllLocks).prepare(stage),
                onceRefused(othersGo())),
            row(
                "there is no room for one lock more, on a connection that is not the lock's own",
                ONLY_LIQUIBASE,
                refusal("There is no advisory lock", "53200"),
                refusing(TRY, "53200", "out of shared memory", 1)),
            rowOn(
                Where.SMALL_SERVER,
                "the server writes down every statement",
                ALL,
                success().and(HostileSurroundingsIT::assertNoPasswordInServerLog),
                nothing()),
            row(
                "the server says in another language that privileges are missing",
                BOTH,
                refusal("keine Berechtigung", "42501", "grant select on pg_catalog.pg_locks"),
                stage ->
                    refusing(
                            TRY,
                            "42501",
                            "keine Berechtigung für Sicht pg_locks",
                            stage.lockConnection())
                        .prepare(stage)),
            row(
                "the server says in another language that it ends the session, once",
                ONLY_FLYWAY,
                successSaying("Verbindung wird", "57P01"),
                refusing(TRY, "57P01", "Verbindung wird auf Anweisung abgebrochen", 2)))
        .flatMap(Function.identity());
  }

  static Stream<Case> sessions() {
    String slowly = "SELECT pg_sleep(1)";
    return Stream.of(
            row(
                "idle sessions are ended after 300 ms, while the lock is held",
                WITH_URL,
                success().and(table("two", true)),
                administrator("ALTER ROLE :lockRole SET idle_session_timeout = '300ms'"),
                migrations(all -> all.versioned("2", "two", slowly, "CREATE TABLE two ()"))),
            row(
                "idle sessions are ended after 300 ms, while the lock is held without a lease",
                WITH_URL,
                success().and(table("two", true)),
                administrator("ALTER ROLE :lockRole SET idle_session_timeout = '300ms'"),
                setting("lease", "0"),
                migrations(all -> all.versioned("2", "two", slowly, "CREATE TABLE two ()"))),
            row(
                "idle transactions are ended after 300 ms, while the lock is held in one",
                WITH_URL,
                success().and(table("two", true)),
                administrator(
                    "ALTER ROLE :lockRole SET idle_in_transaction_session_timeout = '300ms'",
                    "ALTER ROLE :lockRole SET idle_session_timeout = '300ms'"),
                setting("pooling", "transaction"),
                migrations(all -> all.versioned("2", "two", slowly, "CREATE TABLE two ()"))),
            row(
                "idle sessions are ended after 300 ms, while the lock is waited for",
                WITH_URL,
                timeout(Duration.ofMillis(1_500), "held by pid :pid"),
                administrator("ALTER ROLE :lockRole SET idle_session_timeout = '300ms'"),
                setting("timeout", "1500ms"),
                setting("backoff", "1s"),
                superuser(HOLD)),
            row(
                "sessions are ended that are idle for longer than between two tries",
                ONLY_LIQUIBASE,
                refusal("57P05"),
                administrator("ALTER DATABASE :database SET idle_session_timeout = '300ms'"),
                setting("backoff", "1s"),
                superuser("SET idle_session_timeout = 0", HOLD)),
            row(
                "statements are ended after 500 ms, while the lock is waited for and held",
                WITH_URL,
                successSaying("held by pid :pid").and(table("two", true)),
                administrator(
                    "ALTER ROLE :lockRole SET statement_timeout = '500ms'",
                    "ALTER ROLE :lockRole SET lock_timeout = '1ms'"),
                superuser(HOLD),
                onceWaiting(othersGo()),
                migrations(all -> all.versioned("2", "two", slowly, "CREATE TABLE two ()"))),
            row(
                "locks may be waited for 1 ms",
                ALL,
                successSaying("held by pid :pid"),
                administrator("ALTER DATABASE :database SET lock_timeout = '1ms'"),
                superuser(HOLD),
                onceWaiting(othersGo())),
            row(
                "transactions are serializable, while the lock is waited for and held",
                ALL,
                successSaying("held by pid :pid").and(table("two", true)),
                administrator(SERIALIZABLE),
                superuser(HOLD),
                onceWaiting(othersGo()),
                migrations(all -> all.versioned("2", "two", "CREATE TABLE two ()"))),
            row(
                "transactions are serializable, and an index is created concurrently",
                ALL,
                success().and(table("one_names", true)),
                administrator(SERIALIZABLE),
                migrations(HostileSurroundingsIT::indexConcurrently)),
            row(
                "the same with the lock held in a transaction",
                EnumSet.of(FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                success().and(table("one_names", true)),
                administrator(
                    "ALTER ROLE :lockRole SET default_transaction_isolation = 'serializable'"),
                setting("pooling", "transaction"),
                migrations(HostileSurroundingsIT::indexConcurrently)),
            row(
                "transactions are repeatable read, while the lock is waited for and held",
                ALL,
                successSaying("held by pid :pid").and(table("two", true)),
                administrator(
                    "ALTER DATABASE :database SET default_transaction_isolation = 'repeatable read'"),
                superuser(HOLD),
                onceWaiting(othersGo()),
                migrations(all -> all.versioned("2", "two", "CREATE TABLE two ()"))),
            row(
                "transactions of the lock's role are read-only and deferrable",
                WITH_URL,
                successSaying("held by pid :pid"),
                administrator(
                    "ALTER ROLE :lockRole SET default_transaction_read_only = on",
                    "ALTER ROLE :lockRole SET default_transaction_deferrable = on"),
                superuser(HOLD),
                onceWaiting(othersGo())),
            row(
                "all transactions are read-only",
                ALL,
                refusal("read-only transaction"),
                administrator("ALTER DATABASE :database SET default_transaction_read_only = on")),
            row(
                "all transactions are read-only, and somebody holds the lock",
                ALL,
                timeout(SHORT, "held by pid :pid"),
                administrator("ALTER DATABASE :database SET default_transaction_read_only = on"),
                superuser(HOLD),
                SHORT_WAIT),
            row(
                "backslashes escape",
                ALL,
                successSaying("held by pid :pid"),
                administrator("ALTER DATABASE :database SET standard_conforming_strings = off"),
                superuser(HOLD),
                onceWaiting(othersGo()),
                setting("key", "migration")),
            row(
                "texts, dates and intervals look strange",
                ALL,
                successSaying("held by pid :pid"),
                administrator(
                    "ALTER DATABASE :database SET client_encoding = 'LATIN1'",
                    "ALTER DATABASE :database SET datestyle = 'German'",
                    "ALTER DATABASE :database SET intervalstyle = 'sql_standard'",
                    "ALTER DATABASE :database SET bytea_output = 'escape'",
                    "ALTER DATABASE :database SET timezone = 'Asia/Kathmandu'",
                    "ALTER DATABASE :database SET extra_float_digits = -15"),
                superuser(HOLD),
                onceWaiting(othersGo())),
            row(
                "the search path hides the system's functions and views",
                ALL,
                success(),
                administrator(SHADOWS)),
            row(
                "it does, and somebody holds the lock",
                ALL,
                timeout(SHORT, "held by pid :pid"),
                administrator(SHADOWS),
                superuser("SELECT pg_catalog.pg_advisory_lock(:key)"),
                SHORT_WAIT),
            row(
                "it does, and somebody still works for a while",
                ALL,
                successSaying("a session still works for a run that has lost it: pid :pid"),
                administrator(SHADOWS),
                superuser("SELECT pg_catalog.pg_advisory_lock_shared(:work)"),
                onceWaiting(othersGo())),
            row(
                "the search path is empty",
                WITH_URL,
                success(),
                administrator("ALTER ROLE :lockRole SET search_path = ''")))
        .flatMap(Function.identity());
  }

  private static void indexConcurrently(Migrations all) {
    all.nonTransactional("2", "index", "CREATE INDEX CONCURRENTLY one_names ON one (names)");
  }

  static Stream<Case> scripts() {
    return Stream.of(
            row(
                "a migration unlocks everything, and another comes after it",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                success().and(table("two", true)).and(table("three", true)),
                setting("nativeLock", "keep"),
                migrations(
                    all ->
                        all.versioned("2", "two", UNLOCK_ALL, "CREATE TABLE two ()")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a migration unlocks everything, and another comes after it, with Flyway's own lock at session level",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL),
                success().and(table("three", true)),
                migrations(
                    all ->
                        all.versioned("2", "two", UNLOCK_ALL, "CREATE TABLE two ()")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a migration outside of a transaction unlocks everything, and another comes after",
                EnumSet.of(LIQUIBASE_WITH_URL),
                success().and(table("three", true)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", UNLOCK_ALL)
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a migration outside of a transaction unlocks everything, and another comes after, with Flyway's own lock at session level",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL),
                success().and(table("three", true)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", UNLOCK_ALL)
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a changeset unlocks everything, and another comes after it",
                ONLY_LIQUIBASE,
                lost().and(table("two", true)).and(table("three", false)),
                migrations(
                    all ->
                        all.versioned("2", "two", UNLOCK_ALL, "CREATE TABLE two ()")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a changeset outside of a transaction unlocks everything, and another comes after",
                ONLY_LIQUIBASE,
                lost().and(table("three", false)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", UNLOCK_ALL)
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a changeset outside of a transaction discards all, and another comes after",
                ONLY_LIQUIBASE,
                lost().and(table("three", false)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", "DISCARD ALL")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a migration outside of a transaction discards all, and another comes after",
                EnumSet.of(LIQUIBASE_WITH_URL),
                success().and(table("three", true)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", "DISCARD ALL")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "a migration outside of a transaction discards all, and another comes after, with Flyway's own lock at session level",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL),
                success().and(table("three", true)),
                migrations(
                    all ->
                        all.nonTransactional("2", "two", "DISCARD ALL")
                            .versioned("3", "three", "CREATE TABLE three ()"))),
            row(
                "the last changeset unlocks everything",
                ONLY_LIQUIBASE,
                successSaying("was lost", "a statement on it has released it")
                    .and(table("two", true)),
                migrations(all -> all.versioned("2", "two", UNLOCK_ALL, "CREATE TABLE two ()"))))
        .flatMap(Function.identity());
  }

  private static HostileEnding lost() {
    return stage -> {
      assertThat(Throwables.find(stage.failure(), LockLostException.class)).isNotNull();
      assertThat(ReplicaMain.messages(stage.failure()))
          .contains("was lost")
          .contains("a statement on it has released it, such as DISCARD ALL");
    };
  }

  static Stream<Case> dataSources() {
    return Stream.of(
            row(
                "connections come with autocommit off",
                EnumSet.of(FLYWAY, LIQUIBASE, CORE, CORE_BORROWED),
                success(),
                connections(
                    (connection, number) -> {
                      connection.setAutoCommit(false);
                      return connection;
                    })),
            row(
                "connections come read-only, and so the tool fails",
                BOTH,
                refusal("read-only transaction"),
                connections(
                    (connection, number) -> {
                      connection.setReadOnly(true);
                      return connection;
                    })),
            row(
                "connections for the lock come read-only and without autocommit",
                EnumSet.of(CORE, CORE_BORROWED),
                success(),
                connections(
                    (connection, number) -> {
                      connection.setReadOnly(true);
                      connection.setAutoCommit(false);
                      return connection;
                    })),
            row(
                "connections fetch one row at a time",
                ALL,
                success().and(table("one_names", true)),
                parameters("defaultRowFetchSize=1"),
                migrations(HostileSurroundingsIT::indexConcurrently)),
            row(
                "they do, with the lock held in a transaction",
                EnumSet.of(FLYWAY, FLYWAY_WITH_URL, LIQUIBASE_WITH_URL),
                success().and(table("one_names", true)),
                parameters("defaultRowFetchSize=1"),
                setting("pooling", "transaction"),
                migrations(HostileSurroundingsIT::indexConcurrently)),
            row(
                "a connection for the lock comes in the middle of a transaction",
                EnumSet.of(CORE, CORE_BORROWED),
                refusal("its connection is in the middle of a transaction"),
                connections((connection, number) -> Hostility.inTransaction(connection, false))),
            row(
                "a connection for the lock comes in the middle of one that was begun in SQL",
                EnumSet.of(CORE, CORE_BORROWED),
                refusal("its connection is in the middle of a transaction"),
                connections((connection, number) -> Hostility.inTransaction(connection, true))),
            row(
                "connections for the lock are closed already",
                EnumSet.of(FLYWAY, CORE),
                refusal("the last try failed", "connection has been closed", "08003"),
                SHORT_WAIT,
                stage ->
                    stage.hook(
                        (connection, number) ->
                            number < stage.lockConnection()
                                ? connection
                                : Hostility.closed(connection))),
            row(
                "there is no connection for the lock",
                EnumSet.of(FLYWAY, CORE),
                refusal("There is no advisory lock", "null"),
                SHORT_WAIT,
                stage ->
                    stage.hook(
                        (connection, number) -> {
                          if (number < stage.lockConnection()) {
                            return connection;
                          }
                          connection.close();
                          return null;
                        })))
        .flatMap(Function.identity());
  }

  static Stream<Case> listeners() {
    Stream<Throwable> failures =
        Stream.of(
            new IllegalStateException("from a listener"),
            new AssertionError("from a listener"),
            new OutOfMemoryError("from a listener"));
    return failures.flatMap(
        failure ->
            Stream.of(
                    row(
                        "a listener throws %s when it waits, gets and releases the lock"
                            .formatted(failure.getClass().getSimpleName()),
                        EnumSet.of(CORE, CORE_BORROWED),
                        successSaying("Holding", "A lock listener failed", "from a listener"),
                        listener(failing(failure)),
                        superuser(HOLD),
                        onceWaiting(othersGo())),
                    row(
                        "a listener throws %s when the lock is lost"
                            .formatted(failure.getClass().getSimpleName()),
                        EnumSet.of(CORE, CORE_BORROWED),
                        successSaying("was lost", "A lock listener failed", "from a listener"),
                        listener(failing(failure)),
                        when(
                            "Holding",
                            administrator(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                    + " WHERE application_name LIKE 'core holds%'"))))
                .flatMap(Function.identity()));
  }

  private static LockListener failing(Throwable failure) {
    return new ForwardingListener() {
      @Override
      protected void forward(Consumer<LockListener> event) {
        HostileSurroundingsIT.<RuntimeException>sneak(failure);
      }
    };
  }

  @SuppressWarnings("unchecked") // whoever compiled a listener in another language can throw it
  private static <T extends Throwable> void sneak(Throwable failure) throws T {
    throw (T) failure;
  }

  private static void assertNoPasswordInServerLog(HostileStage stage) {
    assertThat(Hostility.serverLog(stage))
        .contains("select pg_catalog.pg_try_advisory_lock")
        .doesNotContain(HostileStage.PASSWORD);
  }

  static Stream<Case> cases() {
    return Stream.of(
            settings(),
            keys(),
            roles(),
            holders(),
            servers(),
            sessions(),
            scripts(),
            dataSources(),
            listeners())
        .flatMap(Function.identity());
  }

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void shouldEndAsTheTableSays(Case row) throws Exception {
    assumeTrue(row.where() == Where.THE_SERVER || Server.isEmbedded());
    try (HostileStage stage = new HostileStage(row.where().server(), folder)) {
      try {
        stage.run(row.run(), row.hostility());

        row.ending().verify(stage);
        assertThat(stage.transcript().missedCues()).as("what was never said").isEmpty();
        stage.assertNothingHeld();
        stage.assertNoPasswordTold();
        stage.assertNothingLeft();
        stage.assertNoPasswordTold(); // some is only said at the end
      } catch (Throwable e) {
        System.err.printf("%s%n%s%n", row, stage.dump());
        throw e;
      }
    }
  }
}
