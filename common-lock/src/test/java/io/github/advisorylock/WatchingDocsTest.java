package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import org.junit.jupiter.api.Test;

/** The tables of events and meters in the documentation are those of the code. */
class WatchingDocsTest {

  private static final Path OPERATIONS = Path.of("..", "docs", "operations.md");
  private static final Set<String> OF_EVERY_EVENT =
      Set.of("startTime", "duration", "eventThread", "stackTrace");

  private static Stream<String> rows(Class<? extends Event> event) {
    EventType type = EventType.getEventType(event);
    return Stream.concat(
        Stream.of("| `%s` | | %s |".formatted(type.getName(), type.getDescription())),
        type.getFields().stream()
            .filter(field -> !OF_EVERY_EVENT.contains(field.getName()))
            .map(field -> "| | `%s` | %s |".formatted(field.getName(), field.getDescription())));
  }

  @Test
  void shouldListEveryEvent() throws IOException {
    String table =
        Stream.of(WaitingEvent.class, HeldEvent.class, LostEvent.class)
            .flatMap(WatchingDocsTest::rows)
            .collect(Collectors.joining("\n"));

    assertThat(Files.readString(OPERATIONS))
        .contains("| event | field | |\n|---|---|---|\n" + table + "\n\n");
  }

  private static String row(List<Meter.Id> meters) {
    Meter.Id any = meters.get(0);
    Map<String, Set<String>> tags = new TreeMap<>();
    meters.stream()
        .flatMap(id -> id.getTags().stream())
        .forEach(
            tag -> tags.computeIfAbsent(tag.getKey(), key -> new TreeSet<>()).add(tag.getValue()));
    return "| `%s` | %s | %s | %s |"
        .formatted(
            any.getName(),
            any.getType().name().toLowerCase(Locale.ROOT),
            tags.entrySet().stream()
                .map(tag -> "`" + tag.getKey() + "`: " + String.join(", ", tag.getValue()))
                .collect(Collectors.joining("; ")),
            any.getDescription());
  }

  @Test
  void shouldListEveryMeter() throws IOException {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    for (String tool : List.of("flyway", "liquibase")) {
      LockMeters.register(tool, new LockTotals(), registry);
    }

    Map<String, List<Meter.Id>> byName =
        registry.getMeters().stream()
            .map(Meter::getId)
            .collect(Collectors.groupingBy(Meter.Id::getName, TreeMap::new, Collectors.toList()));
    String table =
        byName.values().stream().map(WatchingDocsTest::row).collect(Collectors.joining("\n"));

    assertThat(Files.readString(OPERATIONS))
        .contains("| meter | | tags | |\n|---|---|---|---|\n" + table + "\n\n");
  }
}
