package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockTimeoutException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The stack trace of a run that could not acquire the lock in time. */
class TimeoutTraceIT {

  private static final int LONGEST_FIRST_LINE = 150;

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  private static Throwable failure(Database database, ThrowingCallable run) throws Exception {
    return KeyHolder.whileHeld(LockKey.MIGRATION, database, () -> catchThrowable(run));
  }

  /** What the lock throws. Both tools wrap it in an exception that repeats its message. */
  private static List<Throwable> ofTheLock(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .filter(
            cause ->
                cause.getStackTrace()[0].getClassName().startsWith(LockKey.class.getPackageName()))
        .toList();
  }

  private static Stream<String> sentences(String message) {
    return Arrays.stream(message.split("(?<=[.;]) |\\R"));
  }

  private static void assertTellsEverythingOnce(Throwable failure) {
    List<Throwable> ofTheLock = ofTheLock(failure);
    String message = ofTheLock.get(0).getMessage();

    assertThat(ofTheLock).hasSize(2).last().isInstanceOf(LockTimeoutException.class);
    assertThat(ofTheLock.stream().map(Throwable::getMessage).flatMap(TimeoutTraceIT::sentences))
        .doesNotHaveDuplicates();
    assertThat(Throwables.everythingAbout(failure))
        .containsOnlyOnce(", connected since ")
        .containsOnlyOnce("To look: select ");
    assertThat(failure.getMessage()).as("what many show alone").endsWith(message);
    assertThat(message.lines())
        .hasSize(2)
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .startsWith("Gave up on the advisory lock " + LockKey.MIGRATION + " (1 try in ")
                    .contains(": held by pid ")
                    .endsWith(" [" + Database.HARNESS + "]")
                    .hasSizeLessThanOrEqualTo(LONGEST_FIRST_LINE),
            line ->
                assertThat(line)
                    .startsWith("Let the holder finish, or wait longer. To end it, if it is stuck:")
                    .contains("pg_terminate_backend("));
  }

  @Test
  void shouldTellEverythingOnceInFlyway() throws Exception {
    new Migrations().versioned("1", "one", "SELECT 1").writeTo(folder, Tool.FLYWAY);
    Flyway flyway =
        Flyway.configure()
            .dataSource(
                scene.database().url(), scene.database().user(), scene.database().password())
            .locations("filesystem:" + folder)
            .configuration(Map.of("flyway.advisoryLock.timeout", "0"))
            .load();

    Throwable failure = failure(scene.database(), flyway::migrate);

    assertTellsEverythingOnce(failure);
  }

  @Test
  void shouldTellEverythingOnceInLiquibase() throws Exception {
    new Migrations().versioned("1", "one", "SELECT 1").writeTo(folder, Tool.LIQUIBASE);
    try (LocalLiquibase liquibase = LocalLiquibase.on(scene.database().connect(), folder)) {
      liquibase.with("liquibase.advisoryLock.timeout", "0");

      Throwable failure = failure(scene.database(), liquibase::update);

      assertTellsEverythingOnce(failure);
    }
  }

  @Test
  void shouldTellEverythingOnceInLiquibaseWithAnOutdatedHistory() throws Exception {
    new Migrations().versioned("1", "one", "SELECT 1").writeTo(folder, Tool.LIQUIBASE);
    try (LocalLiquibase liquibase = LocalLiquibase.on(scene.database().connect(), folder)) {
      liquibase.update();
      scene.database().execute("ALTER TABLE databasechangelog DROP COLUMN deployment_id");
      liquibase.with("liquibase.advisoryLock.timeout", "0");

      Throwable failure = failure(scene.database(), liquibase::update);

      assertTellsEverythingOnce(failure);
    }
  }
}
