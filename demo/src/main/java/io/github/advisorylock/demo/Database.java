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
      SELECT 'session ' || pid || ' (' || state || ')'
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

  /** What should be gone once nobody works any more, in words; empty if all is well. */
  List<String> leftovers() {
    List<String> left = new ArrayList<>(query(ADVISORY_LOCKS, row -> row.getString(1)));
    left.addAll(query(SESSIONS, row -> row.getString(1)));
    left.addAll(query(INVALID_INDEXES, row -> row.getString(1)));
    if (!query(HAS_LOCK_TABLE, row -> row.getInt(1)).isEmpty()) {
      left.addAll(query(LOCKED_TABLE, row -> row.getString(1)));
    }
    return left;
  }

  /**
   * Executes them, each in a transaction of its own.
   *
   * @param statements any SQL
   */
  public void execute(String... statements) {
    try (Connection connection = DriverManager.getConnection(url, Server.USER, "");
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
    try (Connection connection = DriverManager.getConnection(url, Server.USER, "");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
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
