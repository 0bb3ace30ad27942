package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The callbacks that users bring along still run, in the same order, and under the lock. */
class FlywayCallbacksIT {

  private static final List<String> SQL_CALLBACKS =
      List.of(
          "beforeMigrate",
          "beforeEachMigrate",
          "afterEachMigrate",
          "beforeRepeatables",
          "afterVersioned",
          "afterMigrateApplied",
          "afterMigrate",
          "beforeValidate",
          "afterValidate",
          "beforeInfo",
          "beforeRepair",
          "afterRepair",
          "beforeBaseline",
          "afterBaseline",
          "beforeClean");

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  @BeforeEach
  void recordEvents() throws IOException {
    scene
        .database()
        .execute(
            "CREATE SCHEMA harness",
            "CREATE TABLE harness.events (id bigserial, name text, locked boolean)");
    Files.writeString(folder.resolve("V1__one.sql"), "CREATE TABLE one (id int);");
    Files.writeString(folder.resolve("R__again.sql"), "CREATE OR REPLACE VIEW two AS SELECT 2;");
    for (String event : SQL_CALLBACKS) {
      Files.writeString(
          folder.resolve(event + ".sql"), RecordingCallback.sql(event + ".sql") + ";");
    }
  }

  private FluentConfiguration configure(ClassLoader classLoader) {
    return Flyway.configure(classLoader)
        .dataSource(scene.database().url(), scene.database().user(), scene.database().password())
        .locations("filesystem:" + folder)
        .cleanDisabled(false);
  }

  private FluentConfiguration configure() {
    return configure(getClass().getClassLoader());
  }

  private List<String> events() {
    List<String> events =
        scene.database().list("SELECT name || ' ' || locked FROM harness.events ORDER BY id");
    scene.database().execute("TRUNCATE harness.events");
    return events;
  }

  private static List<String> names(List<String> events) {
    return events.stream().map(event -> event.substring(0, event.indexOf(' '))).toList();
  }

  /** As users name their own classes; sorts before SQL callbacks with a description. */
  public static final class ByClassName extends RecordingCallback {}

  @Test
  void shouldRunAllKindsOfCallbacksUnderTheLock() throws Exception {
    try (URLClassLoader withDbCallback = classLoaderWithDbCallback()) {
      FluentConfiguration configuration =
          configure(withDbCallback).callbacks(new RecordingCallback(), new ByClassName());
      configuration.load().migrate();

      List<String> events = events();

      assertThat(events)
          .filteredOn(event -> !event.toLowerCase(Locale.ROOT).contains("validate"))
          .isNotEmpty()
          .allMatch(event -> event.endsWith(" true"), "under the lock");
      assertThat(names(events))
          .contains("beforeMigrate.sql", "afterMigrate.sql")
          // From 10.18.1 on, classes in db/callback make Flyway forget the ones set in code.
          .containsAnyOf(
              "InDbCallback:AFTER_MIGRATE_OPERATION_FINISH",
              "RecordingCallback:AFTER_MIGRATE_OPERATION_FINISH");
      scene.probe().awaitNothingLeft();
    }
  }

  @Test
  void shouldCallTheSameCallbacksInTheSameOrderAsWithoutTheLock() throws Exception {
    try (URLClassLoader withDbCallback = classLoaderWithDbCallback()) {
      for (ClassLoader loader : List.of(getClass().getClassLoader(), withDbCallback)) {
        List<String> without = runEveryVerb(loader, "false");
        List<String> with = runEveryVerb(loader, "true");

        assertThat(names(with)).containsExactlyElementsOf(names(without));
        assertThat(without).isNotEmpty().allMatch(event -> event.endsWith(" false"), "no lock");
      }
    }
  }

  private List<String> runEveryVerb(ClassLoader classLoader, String active) {
    FluentConfiguration configuration =
        configure(classLoader)
            .callbacks(new RecordingCallback())
            .configuration(
                Map.of(
                    "flyway.advisoryLock.active",
                    active,
                    "flyway.callbacks",
                    ByClassName.class.getName()));
    Flyway flyway = configuration.load();
    flyway.clean();
    flyway.migrate();
    flyway.migrate();
    flyway.validate();
    flyway.info();
    flyway.repair();
    flyway.clean();
    flyway.baseline();
    flyway.clean();
    return events();
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "validate"})
  void shouldTakeNoLockForReadingVerbs(String verb) {
    configure().load().migrate();
    events();
    Flyway flyway = configure().callbacks(new RecordingCallback()).load();

    if (verb.equals("info")) {
      flyway.info();
    } else {
      flyway.validate();
    }

    assertThat(events()).isNotEmpty().allMatch(event -> event.endsWith(" false"), "no lock");
  }

  @Test
  void shouldRunUnderTheLockWhenFlywayDoesNotCreateSchemas() {
    for (boolean validateOnMigrate : new boolean[] {true, false}) {
      configure()
          .callbacks(new RecordingCallback())
          .createSchemas(false)
          .validateOnMigrate(validateOnMigrate)
          .load()
          .migrate();

      assertThat(events())
          .filteredOn(event -> !event.toLowerCase(Locale.ROOT).contains("validate"))
          .isNotEmpty()
          .allMatch(event -> event.endsWith(" true"), "under the lock");
      scene.probe().awaitNothingLeft();
    }
  }

  /** Only paid editions undo: what Flyway does at this event is done here. */
  @Test
  void shouldLeaveNoWorkOnTheConnectionThatFlywayClosesBeforeItUndoes() {
    Configuration flyway = configure().load().getConfiguration();
    configure() // a run is over when its thread has left Flyway
        .callbacks(new FlywayCallback("BEFORE_INFO", () -> undo(flyway)))
        .load()
        .info();
    scene.probe().awaitNothingLeft();
  }

  private void undo(Configuration flyway) {
    try (Connection connection = scene.database().connect()) {
      tell(Event.BEFORE_UNDO, flyway, connection);

      assertThat(scene.probe().advisoryLocks())
          .singleElement()
          .satisfies(lock -> assertThat(lock.application()).startsWith("flyway holds "));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    tell(Event.AFTER_UNDO_OPERATION_FINISH, flyway, null);
  }

  /** Tells the lock's callbacks, in Flyway's order. */
  private static void tell(Event event, Configuration flyway, Connection connection) {
    Context context =
        (Context)
            Proxy.newProxyInstance(
                FlywayCallbacksIT.class.getClassLoader(),
                new Class<?>[] {Context.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "getConfiguration" -> flyway;
                      case "getConnection" -> connection;
                      default -> null;
                    });
    Arrays.stream(flyway.getCallbacks())
        .filter(callback -> callback.supports(event, context))
        .sorted(Comparator.comparing(Callback::getCallbackName))
        .forEach(callback -> callback.handle(event, context));
  }

  @Test
  void shouldNotAddItselfTwiceToACopiedConfiguration() {
    Flyway first = configure().callbacks(new RecordingCallback()).load();
    Flyway copy = new FluentConfiguration().configuration(first.getConfiguration()).load();

    assertThat(copy.getConfiguration().getCallbacks())
        .extracting(Callback::getClass)
        .doesNotHaveDuplicates()
        .hasSameSizeAs(first.getConfiguration().getCallbacks());
    copy.migrate();
    assertThat(names(events())).contains("RecordingCallback:AFTER_MIGRATE");
    scene.probe().awaitNothingLeft();
  }

  /** Classes in db.callback are found by scanning, so this one must not be on the class path. */
  private URLClassLoader classLoaderWithDbCallback() throws IOException {
    Path sources = Files.createDirectories(folder.resolve("java/db/callback"));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    Path source = sources.resolve("InDbCallback.java");
    Files.writeString(
        source,
        "package db.callback; public class InDbCallback extends %s {}"
            .formatted(RecordingCallback.class.getName()));
    List<String> arguments =
        Stream.of("-proc:none", "-cp", System.getProperty("java.class.path"), "-d").toList();
    String[] all =
        Stream.concat(arguments.stream(), Stream.of(classes.toString(), source.toString()))
            .toArray(String[]::new);
    assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, all)).isZero();
    return new URLClassLoader(new URL[] {classes.toUri().toURL()}, getClass().getClassLoader());
  }
}
