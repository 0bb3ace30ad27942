package io.github.advisorylock.demo;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What is played, once without and once with the lock.
 *
 * @param name for the table at the end
 * @param title what happens
 * @param note what one has to know to judge it
 * @param replicas how many start at once
 * @param migrations where they are on the class path
 * @param settings of each database session
 * @param kill whether the first replica that is seen at work is ended with kill -9
 * @param patience how long the replicas have, from the kill if there is one
 */
record Scene(
    String name,
    String title,
    String note,
    int replicas,
    List<String> migrations,
    Map<String, String> settings,
    boolean kill,
    Duration patience) {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  static Scene of(String name, String title, String note, int replicas, String... migrations) {
    return new Scene(name, title, note, replicas, List.of(migrations), Map.of(), false, PATIENCE);
  }

  /** With a limit to what each statement may take. */
  Scene withStatementTimeout(Duration timeout) {
    Map<String, String> limit = Map.of("statement_timeout", timeout.toMillis() + "ms");
    return new Scene(name, title, note, replicas, migrations, limit, kill, patience);
  }

  /** With a kill -9 in the middle, and little patience with those that are left. */
  Scene withKill(Duration patience) {
    return new Scene(name, title, note, replicas, migrations, settings, true, patience);
  }
}
