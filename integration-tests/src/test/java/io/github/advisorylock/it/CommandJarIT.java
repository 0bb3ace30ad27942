package io.github.advisorylock.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the jar of the command. */
class CommandJarIT {

  private static List<String> files() throws IOException {
    try (JarFile jar = new JarFile(CommandShell.jar().toFile())) {
      return jar.stream().filter(entry -> !entry.isDirectory()).map(JarEntry::getName).toList();
    }
  }

  private static String text(String file) throws IOException {
    try (JarFile jar = new JarFile(CommandShell.jar().toFile())) {
      return new String(jar.getInputStream(jar.getEntry(file)).readAllBytes(), UTF_8);
    }
  }

  @Test
  void shouldLieAlone() throws IOException {
    try (Stream<Path> beside = Files.list(CommandShell.jar().getParent())) {
      assertThat(beside.map(file -> file.getFileName().toString()))
          .filteredOn(file -> file.endsWith(".jar"))
          .filteredOn(file -> !file.matches(".*-(sources|javadoc)[.]jar"))
          .containsExactly(CommandShell.jar().getFileName().toString());
    }
  }

  @Test
  void shouldContainAllThatItNeeds() throws IOException {
    assertThat(files())
        .doesNotHaveDuplicates()
        .contains(
            "io/github/advisorylock/cli/Main.class",
            "io/github/advisorylock/LockStatus.class",
            "picocli/CommandLine.class",
            "com/google/gson/Gson.class",
            "org/postgresql/Driver.class");
    assertThat(text("META-INF/services/java.sql.Driver").strip())
        .isEqualTo("org.postgresql.Driver");
  }

  @Test
  void shouldContainNothingElse() throws IOException {
    assertThat(files())
        .allMatch(
            file ->
                file.matches(
                    "(io/github/advisorylock|picocli|com/google/gson|org/postgresql|META-INF)/.*"))
        .noneMatch(file -> file.endsWith("module-info.class"))
        .noneMatch(file -> file.matches("META-INF/(maven|proguard)/.*|.*[.](SF|RSA|DSA)"));
  }

  @Test
  void shouldCarryTheLicencesOfAllThatItContains() throws IOException {
    assertThat(text("META-INF/LICENSE"))
        .containsOnlyOnce("Apache License\n")
        .containsOnlyOnce("PostgreSQL Global Development Group");
    assertThat(files()).anyMatch(file -> file.startsWith("META-INF/licenses/com.ongres.scram/"));
  }

  @Test
  void shouldSayWhichVersionItIs(@TempDir Path folder) {
    List<String> line = ChildProcess.java("-jar", CommandShell.jar().toString(), "--version");
    try (ChildProcess process = ChildProcess.start(folder, Map.of(), line)) {
      assertThat(process.exitStatus()).isZero();
      assertThat(CommandShell.jar().getFileName())
          .hasToString(process.output().replace("advisory-lock ", "advisory-lock-cli-") + ".jar");
    }
  }
}
