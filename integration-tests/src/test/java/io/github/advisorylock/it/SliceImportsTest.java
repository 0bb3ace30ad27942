package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That slices of Spring Boot's tests are told of all that a whole application is told of. */
class SliceImportsTest {
  private static final String WHOLE =
      "org.springframework.boot.autoconfigure.AutoConfiguration.imports";

  private static List<String> slices(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> !file.equals(WHOLE))
          .toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flyway-advisory-lock", "liquibase-advisory-lock"})
  void shouldNameTheSameInEachSlice(String artifact) throws IOException {
    Path folder = ServiceFiles.resources(artifact).resolve("META-INF/spring");
    List<String> whole = Files.readAllLines(folder.resolve(WHOLE));

    assertThat(whole).isNotEmpty();
    assertThat(slices(folder))
        .hasSizeGreaterThan(5)
        .allMatch(file -> file.matches(".*\\.test\\.autoconfigure\\..*\\.imports"))
        .allSatisfy(
            slice -> assertThat(Files.readAllLines(folder.resolve(slice))).isEqualTo(whole));
  }
}
