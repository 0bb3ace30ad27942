package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Applications whose whole class path was shaded into one jar. */
class FlatJarIT {

  private static final String TABLES =
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  /** Everything that a replica has, the tool's own jars before the lock's. */
  private static List<Path> classPath(Tool tool) {
    Stream<String> tools = entries(ReplicaClassPath.withoutLock(tool));
    Stream<String> all = entries(ReplicaClassPath.withLock(tool));
    return Stream.concat(tools, all).distinct().map(Path::of).toList();
  }

  private static Stream<String> entries(String classPath) {
    return Arrays.stream(classPath.split(File.pathSeparator));
  }

  private Replica start(Tool tool, boolean mergesServices) throws IOException {
    Path jar = FlatJar.of(classPath(tool), mergesServices, folder.resolve("application.jar"));
    Migrations migrations = new Migrations().versioned("1", "stop", Brake.SQL);
    return scene
        .replicas()
        .start(Rollout.of(tool, scene.database(), migrations).withClassPath(jar.toString()))
        .go();
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeTheLockIfServicesAreMerged(Tool tool) throws IOException {
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica = start(tool, true);

      brake.awaitStopped();
      assertThat(scene.probe().holders(LockKey.MIGRATION.value())).hasSize(1);
      brake.release();

      assertThat(replica.outcome()).returns(true, Outcome::ok);
    }
  }

  @Test
  void shouldNotEvenHaveFlywaysOwnDatabasesIfServicesAreNotMerged() throws IOException {
    assertThat(start(Tool.FLYWAY, false).outcome()).returns(false, Outcome::ok);

    assertThat(scene.database().list(TABLES)).isEmpty();
  }

  /** What the documentation warns of: nobody but Liquibase could say anything, and it does not. */
  @Test
  void shouldBeLiquibasesTableLockIfServicesAreNotMerged() throws IOException {
    try (Brake brake = Brake.on(scene.database())) {
      Replica replica = start(Tool.LIQUIBASE, false);

      brake.awaitStopped();
      assertThat(scene.probe().advisoryLocks()).isEmpty();
      brake.release();

      assertThat(replica.outcome()).returns(true, Outcome::ok);
      assertThat(scene.database().list(TABLES)).contains("databasechangeloglock");
    }
  }
}
