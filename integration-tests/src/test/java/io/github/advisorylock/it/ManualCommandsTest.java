package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Each command that a page gives to a user is run by a test as it is printed, or is listed here
 * with the reason why not. {@link SqlRulesTest#manual()} and {@link SnippetsIT} have the same for
 * SQL.
 */
class ManualCommandsTest {

  private static final String PROGRAM =
      "(?:mvn|java|liquibase|flyway|unzip|jfr|jcmd|gradle|curl|apt-get|kubectl|helm|psql)";

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");

  /** Blocks that are run as a whole, by the page that has them. */
  private static final Map<String, String> RUN =
      Map.of("recipes.md", "RecipesIT", "command.md", "SnippetsIT");

  /** A test of the build, which the command names. */
  private static final String TEST_OF_THE_BUILD = "mvn .*-Dit\\.test='?\\*?(\\w+)'?";

  private static final Map<String, String> NOT_RUN = new LinkedHashMap<>();

  static {
    NOT_RUN.put("mvn verify", "this test is part of it");
    NOT_RUN.put("mvn -q -Pdemo verify", "starts a build within the build");
    NOT_RUN.put("mvn -q install -DskipTests", "writes to the local repository of the user");
    NOT_RUN.put("mvn -q -Pbenchmarks verify", "25 minutes on a machine that does nothing else");
    NOT_RUN.put("java -jar advisory-lock-cli-0.1.0.jar status", "a short form, without options");
    NOT_RUN.put("java -jar advisory-lock-cli-0.1.0.jar status --url …", "a short form, with a gap");
    NOT_RUN.put("liquibase release-locks", "without the connection; see LiquibaseCommandLineIT");
    NOT_RUN.put(
        "liquibase --advisory-lock-force-release=terminate release-locks",
        "without the connection; see LiquibaseCommandLineIT");
    NOT_RUN.put("jcmd <pid> JFR.start", "has a gap for the process");
    NOT_RUN.put(
        "jfr print --events 'io.github.advisorylock.*' recording.jfr",
        "needs a recording of the user; WatchingDocsTest compares the events");
    NOT_RUN.put(
        "unzip -p app.jar META-INF/services/liquibase.lockservice.LockService",
        "needs a jar of the user; FlatJarIT reads the same of one");
    NOT_RUN.put(
        "curl localhost:8080/actuator/advisorylock",
        "needs an application of the user; ActuatorBeansTest asks the endpoint");
    NOT_RUN.put(
        "gradle flywayMigrate -Dflyway.advisoryLock.timeout=10m",
        "Gradle is not on Maven Central, as the page says");
    NOT_RUN.put(
        "gradle update -Dliquibase.advisoryLock.timeout=10m",
        "Gradle is not on Maven Central, as the page says");
  }

  private static Stream<Manual> pages() {
    return Manual.all().stream()
        .filter(page -> !page.toString().matches(SqlRulesTest.NOT_THE_MANUAL));
  }

  /** Lines of blocks without a language, and what is marked as code within the text. */
  private static List<String> commands() {
    return pages()
        .flatMap(
            page ->
                Stream.concat(
                    BLOCK
                        .matcher(page.text())
                        .results()
                        .filter(block -> block.group(1).isEmpty())
                        .flatMap(block -> block.group(2).lines()),
                    new Manual(page.file(), BLOCK.matcher(page.text()).replaceAll(""))
                        .find("`(" + PROGRAM + "\\s[^`]+)`").stream()))
        .map(line -> line.replaceFirst("\\s+# .*", "").replaceFirst("^\\$ ", ""))
        .map(line -> line.replaceAll("\\s+", " ").strip())
        .filter(line -> line.matches(PROGRAM + " .*"))
        .distinct()
        .toList();
  }

  private static boolean exists(String test) {
    return Files.exists(Path.of("src/test/java/io/github/advisorylock/it").resolve(test + ".java"));
  }

  @Test
  void shouldRunEachCommandOrSayWhyNot() {
    assertThat(commands())
        .hasSizeGreaterThan(10)
        .filteredOn(command -> !NOT_RUN.containsKey(command))
        .allSatisfy(
            command -> {
              assertThat(command).matches(TEST_OF_THE_BUILD);
              assertThat(matching(command.replaceFirst(TEST_OF_THE_BUILD, "$1")))
                  .as(command)
                  .isNotEmpty();
            });
  }

  private static List<String> matching(String test) {
    return Stream.of(test, "Flyway" + test, "Liquibase" + test)
        .filter(ManualCommandsTest::exists)
        .toList();
  }

  @Test
  void shouldRunEachBlockForTheShell() {
    assertThat(pages().filter(page -> !page.blocks("sh").isEmpty()))
        .extracting(page -> page.file().getFileName().toString())
        .containsExactlyInAnyOrderElementsOf(RUN.keySet());
    assertThat(RUN.values()).allMatch(ManualCommandsTest::exists);
  }

  @Test
  void shouldListNoCommandThatIsNotInTheManual() {
    assertThat(commands()).containsAll(NOT_RUN.keySet());
  }
}
