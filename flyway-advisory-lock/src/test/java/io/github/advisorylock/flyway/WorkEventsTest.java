package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.junit.jupiter.api.Test;

/**
 * What starts to work at an event ends at another. Flyway 13.12 has the events of all releases from
 * 10.10 on.
 */
class WorkEventsTest {

  /** Events that come on a connection that Flyway closes right after: they are their own end. */
  private static final Set<String> OWN_END =
      Set.of(
          "BEFORE_MIGRATE",
          "AFTER_VERSIONED",
          "BEFORE_REPEATABLES",
          "AFTER_MIGRATE_APPLIED",
          "AFTER_MIGRATE",
          "AFTER_MIGRATE_ERROR",
          "BEFORE_UNDO",
          "AFTER_UNDO",
          "AFTER_UNDO_ERROR");

  private static final Map<String, Set<String>> ENDS =
      Map.of(
          "BEFORE_BASELINE", Set.of("AFTER_BASELINE", "AFTER_BASELINE_ERROR"),
          "BEFORE_CLEAN", Set.of("AFTER_CLEAN", "AFTER_CLEAN_ERROR"),
          "BEFORE_REPAIR", Set.of("AFTER_REPAIR", "AFTER_REPAIR_ERROR"),
          "BEFORE_EACH_MIGRATE", Set.of("AFTER_EACH_MIGRATE", "AFTER_EACH_MIGRATE_ERROR"),
          "BEFORE_EACH_UNDO", Set.of("AFTER_EACH_UNDO", "AFTER_EACH_UNDO_ERROR"));

  /** At these it is only asked whether the lock is still there. */
  private static final Set<String> START_NOTHING =
      Set.of(
          "CREATE_SCHEMA",
          "BEFORE_CREATE_SCHEMA",
          "BEFORE_EACH_MIGRATE_STATEMENT",
          "BEFORE_EACH_UNDO_STATEMENT");

  private static final Context WITH_CONNECTION =
      fake(
          Context.class,
          Map.of(
              "getConfiguration", Flyway.configure().load().getConfiguration(),
              "getConnection", fake(Connection.class, Map.of("getAutoCommit", true))));

  private final Callback finish = new FinishWork();

  private static <T> T fake(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            WorkEventsTest.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.get(method.getName())));
  }

  private static Set<String> eventsOf(Callback... callbacks) {
    return Arrays.stream(Event.values())
        .filter(
            event ->
                Arrays.stream(callbacks)
                    .anyMatch(callback -> callback.supports(event, WITH_CONNECTION)))
        .map(Event::name)
        .collect(Collectors.toSet());
  }

  @Test
  void shouldHearOfTheEndOfWhateverItStarts() {
    assertThat(eventsOf(new AcquireLock(), new StartWork()))
        .filteredOn(Predicate.not(START_NOTHING::contains))
        .isNotEmpty()
        .allSatisfy(event -> assertThat(eventsOf(finish)).containsAll(endsOf(event)));
  }

  private static Set<String> endsOf(String event) {
    return OWN_END.contains(event) ? Set.of(event) : Objects.requireNonNull(ENDS.get(event), event);
  }

  /** Flyway would open a connection for it. */
  @Test
  void shouldNotWantAnEventThatNobodyElseWants() {
    assertThat(Event.values())
        .filteredOn(event -> finish.supports(event, null))
        .extracting(Event::name)
        .doesNotContainAnyElementsOf(StartWork.ON_OWN_CONNECTION);
  }
}
