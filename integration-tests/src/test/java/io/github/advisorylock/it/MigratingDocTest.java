package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page on migrating from other locks names tests that there are. */
class MigratingDocTest {
  private static final Path TESTS = Path.of("src/test/java/io/github/advisorylock/it");
  private static final String CLAIM = "✔";

  /** A class, with or without a method, or a method of the class that was named last. */
  private static final Pattern TEST =
      Pattern.compile("`(?:(?<class>\\w+IT)\\.?)?(?<method>(?<=[`.])should\\w+|(?<=IT))`");

  @Test
  void shouldNameATestForEachClaim() throws IOException {
    List<String> claims =
        Arrays.stream(Manual.page("migrating.md").text().split(CLAIM)).skip(2).toList();
    String source = "";

    assertThat(claims).hasSizeGreaterThan(8);
    for (String claim : claims) {
      Matcher test = TEST.matcher(claim);
      assertThat(test.find()).as("a test is named in" + claim).isTrue();
      do {
        if (test.group("class") != null) {
          source = Files.readString(TESTS.resolve(test.group("class") + ".java"));
        }
        String method = test.group("method");
        assertThat(source).contains(method.isEmpty() ? "@Test" : "void " + method + "()");
      } while (test.find());
    }
  }
}
