package io.github.advisorylock.demo;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A database of the server, and what can be seen in it from outside. */
public final class Database {

  private static final String MARKS =
      "SELECT replica, session, step, mark, at FROM demo.work ORDER BY at";

  private static final String ADVISORY_LOCKS =
      """
      SELECT 'advisory lock held by ' || coalesce(nullif(a.application_name, ''), 'pid ' || l.pid)
      FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())""";

  private static final String SESSIONS =
      """
      SELECT 'session ' || pid || ' (' || coalesce(state, 'no state') || ')'
      FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()""";

  private static final String INVALID_INDEXES =
      "SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid";

  private static final String HAS_LOCK_TABLE =
      "SELECT 1 FROM pg_class WHERE relname = 'databasechangeloglock'";

  private static final String LOCKED_TABLE =
      "SELECT 'locked row in DATABASECHANGELOGLOCK' FROM databasechangeloglock WHERE locked";

  private final String name;
  private final String url;

  Database(String name, String url) {
    this.name = name;
    this.url = url;
  }

  String name() {
    return name;
  }

  /**
   * A URL whose sessions carry the replica's number.
   *
   * @param replica its number, which is in {@code application_name}, too
   * @param settings further settings of the server for these sessions
   * @return the URL
   */
  public String url(int replica, Map<String, String> settings) {
    String options =
        Stream.concat(
                Stream.of("-c demo.replica=" + replica),
                settings.entrySet().stream().map(Database::option))
            .reduce((one, other) -> one + " " + other)
            .orElse("");
    return url
        + "?ApplicationName=replica-"
        + replica
        + "&options="
        + URLEncoder.encode(options, StandardCharsets.UTF_8);
  }

  private static String option(Map.Entry<String, String> setting) {
    return "-c " + setting.getKey() + "=" + setting.getValue();
  }

  /** Forgets the work so far. */
  void forgetWork() {
    execute("TRUNCATE demo.work");
  }

  /** What has begun and not ended yet, as far as it has been committed. */
  Optional<Work> unfinishedWork() {
    return work(Instant.now()).stream().filter(work -> !work.finished()).findFirst();
  }

  /**
   * Looks until a session has gone, be its client there or not.
   *
   * @param session the process ID of the server process
   * @param patience how long to look
   * @return when it was last seen; now, if it never was
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public Instant lastSeen(int session, Duration patience) throws InterruptedException {
    Deque<Instant> seen = new ArrayDeque<>(List.of(Instant.now()));
    Pause.until(
        patience,
        () -> {
          Instant look = Instant.now();
          boolean isThere = hasSession(session);
          if (isThere) {
            seen.add(look);
          }
          return !isThere;
        });
    return seen.getLast();
  }

  private boolean hasSession(int session) {
    String sql = "SELECT 1 FROM pg_stat_activity WHERE pid = " + session;
    return !query(sql, row -> row.getInt(1)).isEmpty();
  }

  /**
   * The work since it was last forgotten: from each row that says {@code begin} to the one that
   * says {@code end}.
   *
   * @param endOfUnfinished stands for the end where there is none
   */
  List<Work> work(Instant endOfUnfinished) {
    List<Work> ended = new ArrayList<>();
    List<Mark> begun = new ArrayList<>();
    for (Mark mark : query(MARKS, Mark::of)) {
      if (mark.isBegin()) {
        begun.add(mark);
      } else {
        begun.stream()
            .filter(mark::ends)
            .findFirst()
            .ifPresent(
                begin -> {
                  begun.remove(begin);
                  ended.add(begin.until(mark.at(), true));
                });
      }
    }
    begun.forEach(begin -> ended.add(begin.until(endOfUnfinished, false)));
    return ended;
  }

  /**
   * Waits until nothing is left of a scene. All queries use one connection, whose session does not
   * count: the session of a connection that was just closed is still visible for some milliseconds.
   *
   * @param patience how long to wait; zero or less checks once
   * @return what is left, in words; empty if nothing is
   */
  List<String> leftovers(Duration patience) throws InterruptedException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      List<String> left = new ArrayList<>();
      Pause.until(
          patience,
          () -> {
            left.clear();
            left.addAll(leftovers(statement));
            return left.isEmpty();
          });
      return left;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> leftovers(Statement statement) {
    RowReader<String> text = row -> row.getString(1);
    List<String> left = new ArrayList<>(query(statement, ADVISORY_LOCKS, text));
    left.addAll(query(statement, SESSIONS, text));
    left.addAll(query(statement, INVALID_INDEXES, text));
    if (!query(statement, HAS_LOCK_TABLE, text).isEmpty()) {
      left.addAll(query(statement, LOCKED_TABLE, text));
    }
    return left;
  }

  /**
   * Executes them, each in a transaction of its own.
   *
   * @param statements any SQL
   */
  public void execute(String... statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Asks the database.
   *
   * @param <T> what a row is read into
   * @param sql the question
   * @param reader reads a row
   * @return one for each row
   */
  public <T> List<T> query(String sql, RowReader<T> reader) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      return query(statement, sql, reader);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(url, Server.USER, "");
  }

  private static <T> List<T> query(Statement statement, String sql, RowReader<T> reader) {
    try (ResultSet row = statement.executeQuery(sql)) {
      List<T> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(reader.read(row));
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads one row.
   *
   * @param <T> what it is read into
   */
  public interface RowReader<T> {

    /**
     * Reads it.
     *
     * @param row the cursor, which is not to be moved
     * @return what it says
     * @throws SQLException if it does not say that
     */
    T read(ResultSet row) throws SQLException;
  }

  private record Mark(int replica, int session, String step, String mark, Instant at) {
    static Mark of(ResultSet row) throws SQLException {
      return new Mark(
          row.getInt(1),
          row.getInt(2),
          row.getString(3),
          row.getString(4),
          row.getObject(5, OffsetDateTime.class).toInstant());
    }

    boolean isBegin() {
      return mark.equals("begin");
    }

    boolean ends(Mark begin) {
      return begin.replica == replica && begin.step.equals(step);
    }

    Work until(Instant end, boolean finished) {
      return new Work(replica, session, step, at, end, finished);
    }
  }
}
