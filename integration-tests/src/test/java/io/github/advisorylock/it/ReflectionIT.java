package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.it.ReflectionWatch.Reached;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever of ours the tools reach by reflection while they migrate is in the metadata for native
 * images: seen in a JVM, since an image cannot be built here.
 */
class ReflectionIT {

  private static final String HARNESS = ReflectionIT.class.getPackageName() + ".";

  @RegisterExtension final Scene scene = new Scene();
  @TempDir Path folder;

  /** Lambdas are made by the JVM, and what is asked of enums is asked by the JDK. */
  private static boolean isOurs(String type) {
    return type.startsWith(NativeImageMetadata.GROUP + ".")
        && !type.startsWith(HARNESS)
        && !type.contains("$$Lambda")
        && !isEnum(type);
  }

  private static boolean isEnum(String type) {
    try {
      return Class.forName(type, false, ReflectionIT.class.getClassLoader()).isEnum();
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static boolean isListed(Reached reached, Tool tool) {
    String type = reached.type();
    NativeImageMetadata metadata =
        NativeImageMetadata.of(
            type.startsWith(NativeImageMetadata.GROUP + "." + tool.sessions() + ".")
                ? tool.adapter()
                : "common-lock");
    return switch (reached.door()) {
      case "Class.forName" -> metadata.types().containsKey(type);
      case "Class.newInstance",
          "Class.getConstructor",
          "Class.getDeclaredConstructor",
          "Constructor.newInstance" ->
          metadata.canBeMade(type);
      case "Class.getConstructors", "Class.getDeclaredConstructors" ->
          metadata.opens(type, "Constructors");
      case "Method.invoke",
          "Class.getMethod",
          "Class.getMethods",
          "Class.getDeclaredMethod",
          "Class.getDeclaredMethods" ->
          metadata.opens(type, "Methods");
      default -> metadata.opens(type, "Fields");
    };
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveListedAllThatIsReached(Tool tool) {
    Migrations migrations = new Migrations().versioned("1", "one", "CREATE TABLE one (id int)");
    migrations.writeTo(folder, tool);
    Map<String, String> instructions =
        Rollout.of(tool, scene.database(), migrations)
            .setting(tool.settings() + "url", scene.database().url())
            .setting(tool.settings() + "user", scene.database().user())
            .setting(tool.settings() + "password", scene.database().password())
            .setting(tool.settings() + "migrationLockTimeout", "3s")
            .instructions("watched", folder);

    Set<Reached> reached =
        ReflectionWatch.during(ReplicaClassPath.withLock(tool), instructions, ReflectionIT::isOurs);

    assertThat(reached)
        .extracting(Reached::type)
        .containsAll(
            ServiceFiles.of(tool.adapter()).values().stream().flatMap(List::stream).toList());
    assertThat(reached).allMatch(each -> isListed(each, tool), "listed");
  }
}
