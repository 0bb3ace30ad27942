package io.github.advisorylock;

import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * A session of the server, as another session sees it. Immutable.
 *
 * <p>Of a session of another role PostgreSQL shows only pid, role and application name, unless one
 * is a member of {@code pg_read_all_stats}: what it hides is null here.
 *
 * @param pid its backend's process id; 0 stands for a prepared transaction, which has none
 * @param user its role; empty if hidden
 * @param applicationName who it says it is; empty if it says nothing
 * @param clientAddress where it comes from; null if hidden or over a local socket
 * @param connectedSince when it connected; null if hidden
 * @param state what it is doing, such as {@code idle in transaction}; null if hidden
 * @param stateFor how long it has been doing that; null if hidden
 * @param query its current or last statement; null if hidden
 */
public record ServerSession(
    int pid,
    String user,
    String applicationName,
    @Nullable String clientAddress,
    @Nullable Instant connectedSince,
    @Nullable String state,
    @Nullable Duration stateFor,
    @Nullable String query)
    implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int LONGEST_STATEMENT = 100;
  private static final String PREPARED_TRANSACTION =
      "a prepared transaction (see pg_prepared_xacts)";

  boolean isPreparedTransaction() {
    return pid == 0;
  }

  /**
   * Whether another look found the same session, whatever it was doing then. Where {@link
   * #connectedSince} is hidden, the process id alone decides.
   */
  boolean isSame(ServerSession other) {
    return pid == other.pid
        && (connectedSince == null
            || other.connectedSince == null
            || connectedSince.equals(other.connectedSince));
  }

  private boolean isActive() {
    return "active".equals(state);
  }

  /**
   * This session in one line, for people, with its last statement.
   *
   * @return such as {@code pid 4711 [psql], user app, idle in transaction for 3 min, last: update
   *     orders set note = ''}
   */
  public String describe() {
    return query == null || query.isEmpty() || isActive()
        ? describeActivity()
        : describeActivity() + ", last: " + shortened(query);
  }

  /** Without a statement that has ended. */
  String describeActivity() {
    StringBuilder line = new StringBuilder(describeSession());
    String doing = describeState();
    if (!doing.isEmpty()) {
      line.append(", ").append(doing);
    }
    if (isActive() && query != null) {
      line.append(": ").append(shortened(query));
    }
    return Text.oneLine(line.toString());
  }

  /** Its process id and what it calls itself. */
  String describeName() {
    if (isPreparedTransaction()) {
      return PREPARED_TRANSACTION;
    }
    String name = applicationName.isEmpty() ? "" : " [" + applicationName + "]";
    return Text.oneLine("pid " + pid + name);
  }

  /** Whose session it is, and nothing of what it does. */
  String describeSession() {
    StringBuilder line = new StringBuilder(describeName());
    if (!user.isEmpty()) {
      line.append(", user ").append(user);
    }
    if (clientAddress != null) {
      line.append(", from ").append(clientAddress);
    }
    if (connectedSince != null) {
      line.append(", connected since ").append(connectedSince.truncatedTo(ChronoUnit.SECONDS));
    }
    return Text.oneLine(line.toString());
  }

  /**
   * What it is doing, for people.
   *
   * @return such as {@code idle for 12.0 s}; empty if hidden
   */
  public String describeState() {
    if (state == null) {
      return "";
    }
    return stateFor == null ? state : state + " for " + Text.of(stateFor);
  }

  /**
   * Its current or last statement, for people: on one line, the first 100 characters, and nothing
   * of one that mentions a password.
   *
   * @return such as {@code create index concurrently …}; empty if hidden
   */
  public String describeQuery() {
    return query == null ? "" : shortened(query);
  }

  /**
   * A statement as it may appear in a message or log.
   *
   * @param statement any statement
   * @return its beginning, on one line; nothing of it if it mentions a password
   */
  public static String shortened(String statement) {
    if (Secrets.mayHoldPassword(statement)) {
      return "(a statement that mentions a password)";
    }
    String line = Text.squeezed(statement);
    return line.length() <= LONGEST_STATEMENT ? line : line.substring(0, LONGEST_STATEMENT) + "…";
  }

  /** Like {@link #describe}: a query's secrets do not get into a log by way of this record. */
  @Override
  public String toString() {
    return describe();
  }
}
