package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tool and adapter where application servers and plugin hosts have them: in a class loader of their
 * own, whose parent has other copies of both.
 */
class ClassLoadersIT {

  private static final ClassLoader PARENT = ClassLoadersIT.class.getClassLoader();

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;
  private final List<ChildFirstLoader> loaders = new ArrayList<>();

  /** Whether the thread's context class loader is that of the tool that runs. */
  enum Context {
    ITS_OWN,
    ANOTHER,
    NONE
  }

  @AfterEach
  void closeLoaders() throws IOException {
    Thread.currentThread().setContextClassLoader(PARENT);
    for (ChildFirstLoader loader : loaders) {
      loader.close();
    }
  }

  /** A class loader with a copy of the tool, the adapter and this harness. */
  private ClassLoader copyOf(Tool tool) {
    return loader(ReplicaClassPath.withLock(tool), PARENT);
  }

  private ClassLoader loader(String classPath, ClassLoader parent) {
    ChildFirstLoader loader = new ChildFirstLoader(classPath, parent);
    loaders.add(loader);
    return loader;
  }

  private Rollout rollout(Tool tool, Migrations migrations) {
    migrations.writeTo(folder, tool);
    return Rollout.of(tool, scene.database(), migrations);
  }

  private LoadedRun start(ClassLoader classes, Rollout rollout) {
    return LoadedRun.start(classes, classes, rollout.instructions("loaded", folder));
  }

  /** Where the context class loader is not the tool's, the tool is told which one is. */
  private LoadedRun start(ClassLoader classes, Context context, Rollout rollout) {
    Map<String, String> instructions = new HashMap<>(rollout.instructions("loaded", folder));
    instructions.put("ownClassLoader", "true");
    return switch (context) {
      case ITS_OWN -> start(classes, rollout);
      case ANOTHER -> LoadedRun.start(classes, copyOf(rollout.tool()), instructions);
      case NONE -> LoadedRun.start(classes, null, instructions);
    };
  }

  private static Migrations stopping() {
    return new Migrations().versioned("1", "stop", Brake.SQL);
  }

  private long waiting(Tool tool) {
    return scene.probe().sessions().stream()
        .filter(session -> session.application().startsWith(tool.sessions() + " waits for "))
        .count();
  }

  private void assertIsHeldBy(Tool tool) {
    assertThat(scene.probe().holders(LockKey.MIGRATION.value()))
        .singleElement()
        .satisfies(
            holder -> assertThat(holder.application()).startsWith(tool.sessions() + " holds "));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource({"FLYWAY, ITS_OWN", "FLYWAY, ANOTHER", "FLYWAY, NONE", "LIQUIBASE, ITS_OWN"})
  void shouldTakeTheLock(Tool tool, Context context) {
    try (Brake brake = Brake.on(scene.database())) {
      LoadedRun run = start(copyOf(tool), context, rollout(tool, stopping()));

      brake.awaitStopped();
      assertIsHeldBy(tool);
      brake.release();

      assertThat(run.outcome()).returns(true, Outcome::ok).returns(List.of("1"), Outcome::applied);
    }
    scene.probe().awaitNothingLeft();
  }

  /** Older ones ask the thread's class loader before they can be told of theirs, and then fail. */
  @ParameterizedTest
  @EnumSource(names = "ITS_OWN", mode = EnumSource.Mode.EXCLUDE)
  void shouldTakeTheLockIfLiquibaseWorksWithAnotherContextClassLoader(Context context) {
    try (Brake brake = Brake.on(scene.database())) {
      LoadedRun run = start(copyOf(Tool.LIQUIBASE), context, rollout(Tool.LIQUIBASE, stopping()));

      scene
          .probe()
          .awaitUntil(() -> brake.stopped() > 0 || run.isDone(), "it migrates, or has failed");
      if (run.isDone()) {
        assertThat(run.outcome().message()).contains("Cannot find default log service");
        assertThat(scene.database().list(LocalLiquibaseScene.TABLES)).isEmpty();
      } else {
        assertIsHeldBy(Tool.LIQUIBASE);
        brake.release();
        assertThat(run.outcome()).returns(true, Outcome::ok);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldFindEachServiceOnce(Tool tool) throws ClassNotFoundException {
    ClassLoader own = copyOf(tool);
    Thread.currentThread().setContextClassLoader(own);

    for (var service : ServiceFiles.of(tool.adapter()).entrySet()) {
      List<String> found = new ArrayList<>();
      for (Object instance : ServiceLoader.load(own.loadClass(service.getKey()), own)) {
        if (service.getValue().contains(instance.getClass().getName())) {
          assertThat(instance.getClass().getClassLoader()).isSameAs(own);
          found.add(instance.getClass().getName());
        }
      }
      assertThat(found).containsExactlyInAnyOrderElementsOf(service.getValue());
    }
  }

  @ParameterizedTest(name = "{0}, other copy in the parent: {1}")
  @CsvSource({"FLYWAY, false", "FLYWAY, true", "LIQUIBASE, false", "LIQUIBASE, true"})
  void shouldWaitForAnotherCopyInTheSameJvm(Tool tool, boolean inTheParent) {
    try (Brake brake = Brake.on(scene.database())) {
      Rollout rollout = rollout(tool, stopping());
      LoadedRun one = start(copyOf(tool), rollout);
      brake.awaitStopped();

      LoadedRun other = start(inTheParent ? PARENT : copyOf(tool), rollout);
      scene.probe().awaitUntil(() -> waiting(tool) == 1, "the other waits");
      assertIsHeldBy(tool);
      brake.release();

      assertThat(one.outcome()).returns(true, Outcome::ok).returns(List.of("1"), Outcome::applied);
      assertThat(other.outcome()).returns(true, Outcome::ok).returns(List.of(), Outcome::applied);
    }
    scene.probe().awaitNothingLeft();
  }

  /** Which takes that the lock knows the driver of its connection. */
  @ParameterizedTest
  @EnumSource
  void shouldBeWokenUpOnAConnectionOfTheLocksOwn(Context context) throws Exception {
    Rollout rollout =
        rollout(Tool.FLYWAY, new Migrations().versioned("1", "one", "CREATE TABLE one (id int)"))
            .setting("flyway.advisoryLock.url", scene.database().url())
            .setting("flyway.advisoryLock.user", scene.database().user())
            .setting("flyway.advisoryLock.password", scene.database().password());

    LoadedRun run =
        KeyHolder.whileHeld(
            LockKey.MIGRATION,
            scene.database(),
            () -> {
              LoadedRun started = start(copyOf(Tool.FLYWAY), context, rollout);
              scene
                  .probe()
                  .awaitUntil(
                      () ->
                          scene.probe().holders(LockKey.MIGRATION.forWaiting().value()).size() == 1,
                      "it waits to be woken up");
              return started;
            });

    assertThat(run.outcome()).returns(true, Outcome::ok);
  }

  /** What the documentation says of a jar that is not where the tool is. */
  @Test
  void shouldBeAnErrorInFlywayIfItBelongsToAnotherCopyOfFlyway() {
    LoadedRun run = start(without(Tool.FLYWAY, PARENT), rollout(Tool.FLYWAY, stopping()));

    assertThat(run.outcome()).returns(false, Outcome::ok);
    assertThat(run.outcome().message()).contains("AdvisoryLock").contains("not a subtype");
    assertThat(scene.database().list(LocalLiquibaseScene.TABLES)).isEmpty();
  }

  @Test
  void shouldNotBeUsedByLiquibaseIfItBelongsToAnotherCopyOfLiquibase() {
    assertThat(isLockedDuring(without(Tool.LIQUIBASE, PARENT), Tool.LIQUIBASE)).isFalse();
  }

  /** Flyway looks for it with its own class loader, Liquibase with the thread's. */
  @ParameterizedTest
  @CsvSource({"FLYWAY, false", "LIQUIBASE, true"})
  void shouldBeFoundInALowerClassLoaderByLiquibaseAlone(Tool tool, boolean found) {
    ClassLoader above = without(tool, ClassLoader.getPlatformClassLoader());
    List<String> lock = new ArrayList<>(entries(ReplicaClassPath.withLock(tool)));
    lock.removeAll(entries(ReplicaClassPath.withoutLock(tool)));

    assertThat(isLockedDuring(loader(String.join(File.pathSeparator, lock), above), tool))
        .isEqualTo(found);
  }

  private ClassLoader without(Tool tool, ClassLoader parent) {
    return loader(ReplicaClassPath.withoutLock(tool), parent);
  }

  private static List<String> entries(String classPath) {
    return List.of(classPath.split(File.pathSeparator));
  }

  private boolean isLockedDuring(ClassLoader classes, Tool tool) {
    try (Brake brake = Brake.on(scene.database())) {
      LoadedRun run = start(classes, rollout(tool, stopping()));
      brake.awaitStopped();
      boolean locked = !scene.probe().holders(LockKey.MIGRATION.value()).isEmpty();
      brake.release();

      assertThat(run.outcome()).returns(true, Outcome::ok);
      return locked;
    }
  }
}
