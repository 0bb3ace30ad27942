package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is in the jars that are made for the tools' own lib folders. */
class AllJarIT {

  private static final String OUR_PACKAGE = "io/github/advisorylock/";

  /** The released jar with classifier all. */
  static Path of(Tool tool) {
    String property = "allJar." + tool.name().toLowerCase(Locale.ROOT);
    return Path.of(
        Stream.ofNullable(System.getProperty(property))
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException("-D" + property + " is not set: run with Maven")));
  }

  private static List<String> files(Tool tool) throws IOException {
    try (JarFile jar = new JarFile(of(tool).toFile())) {
      return jar.stream()
          .filter(entry -> !entry.isDirectory())
          .map(JarEntry::getName)
          .sorted()
          .toList();
    }
  }

  private static List<String> lines(Tool tool, String file) throws IOException {
    try (JarFile jar = new JarFile(of(tool).toFile())) {
      return new String(
              jar.getInputStream(jar.getEntry(file)).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .toList();
    }
  }

  private static String packageOf(Tool tool) {
    return OUR_PACKAGE + tool.name().toLowerCase(Locale.ROOT) + "/";
  }

  @ParameterizedTest
  @EnumSource
  void shouldContainTheLockAndTheAdapter(Tool tool) throws IOException {
    assertThat(files(tool))
        .contains(OUR_PACKAGE + "AdvisoryLock.class", OUR_PACKAGE + "LockKey.class")
        .anyMatch(file -> file.startsWith(packageOf(tool)));
  }

  @ParameterizedTest
  @EnumSource
  void shouldContainNothingElse(Tool tool) throws IOException {
    assertThat(files(tool))
        .filteredOn(file -> file.endsWith(".class"))
        .allMatch(file -> file.startsWith(OUR_PACKAGE), "our own class")
        .noneMatch(file -> file.startsWith(packageOf(tool.other())));
    assertThat(files(tool))
        .filteredOn(file -> !file.endsWith(".class"))
        .allMatch(file -> file.startsWith("META-INF/"), "in META-INF");
    assertThat(files(tool)).doesNotHaveDuplicates().contains("META-INF/LICENSE");
  }

  @ParameterizedTest
  @EnumSource
  void shouldBeAnAutomaticModule(Tool tool) throws IOException {
    try (JarFile jar = new JarFile(of(tool).toFile())) {
      assertThat(jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
          .isEqualTo("io.github.advisorylock." + tool.name().toLowerCase(Locale.ROOT));
    }
    assertThat(files(tool)).noneMatch(file -> file.endsWith("module-info.class"));
  }

  @ParameterizedTest
  @EnumSource
  void shouldNameOnlyServicesThatItContains(Tool tool) throws IOException {
    List<String> services =
        files(tool).stream().filter(file -> file.startsWith("META-INF/services/")).toList();
    assertThat(services).isNotEmpty();
    for (String service : services) {
      assertThat(lines(tool, service))
          .isNotEmpty()
          .map(type -> type.replace('.', '/') + ".class")
          .allMatch(type -> type.startsWith(packageOf(tool)))
          .isSubsetOf(files(tool));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRegisterWithSpringBootWhatItContains(Tool tool) throws IOException {
    List<String> types =
        Stream.concat(
                lines(
                    tool,
                    "META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports")
                    .stream(),
                lines(tool, "META-INF/spring.factories").stream()
                    .map(line -> line.substring(line.indexOf('=') + 1)))
            .filter(line -> !line.isBlank())
            .map(type -> type.replace('.', '/') + ".class")
            .toList();

    assertThat(types).hasSize(4).doesNotHaveDuplicates().isSubsetOf(files(tool));
    assertThat(files(tool)).contains("META-INF/spring-configuration-metadata.json");
  }

  @ParameterizedTest
  @EnumSource
  void shouldContainTheMetadataOfBothForNativeImages(Tool tool) throws IOException {
    assertThat(files(tool))
        .contains(
            "META-INF/native-image/io.github.advisorylock/common-lock/reachability-metadata.json",
            "META-INF/native-image/io.github.advisorylock/%s/reachability-metadata.json"
                .formatted(tool.adapter()));
  }

  @Test
  void shouldRegisterWithFlyway() throws IOException {
    assertThat(lines(Tool.FLYWAY, "META-INF/services/org.flywaydb.core.extensibility.Plugin"))
        .containsExactlyInAnyOrder(
            "io.github.advisorylock.flyway.AdvisoryLockConfigurationExtension",
            "io.github.advisorylock.flyway.AdvisoryLockProvider");
  }

  @Test
  void shouldRegisterWithLiquibase() throws IOException {
    assertThat(files(Tool.LIQUIBASE))
        .contains(
            "META-INF/services/liquibase.lockservice.LockService",
            "META-INF/services/liquibase.changelog.ChangeLogHistoryService",
            "META-INF/services/liquibase.configuration.AutoloadedConfigurations",
            "META-INF/services/liquibase.executor.Executor");
  }
}
