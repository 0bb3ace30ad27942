package io.github.advisorylock.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What readers copy from the front page and the page on operations works as it stands there. */
class SnippetsTest {

  /** The versions of our artifacts, as Gradle and Maven have them. */
  private static final String GRADLE = "\"io\\.github\\.advisorylock:[a-z-]+:([^\"]+)\"";

  private static final String XML =
      "<groupId>io\\.github\\.advisorylock</groupId>\\s*<artifactId>[a-z-]+</artifactId>"
          + "\\s*<version>([^<]+)</version>";

  private static final Manual OPERATIONS = Manual.page("operations.md");

  @TempDir Path folder;

  private static String project(String element) throws IOException {
    Matcher first =
        Pattern.compile("<%1$s>(.*?)</%1$s>".formatted(element))
            .matcher(Files.readString(Path.of("..", "pom.xml")));
    assertThat(first.find()).isTrue();
    return first.group(1);
  }

  private List<?> errorsIn(String parameters, String statements) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("Snippet.java"),
            """
            import io.github.advisorylock.*;
            import io.github.advisorylock.flyway.*;
            class Snippet {
              void run(%s) throws Exception {
                %s
              }
            }
            """
                .formatted(parameters, statements));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> complaints = new DiagnosticCollector<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(complaints, null, UTF_8)) {
      compiler
          .getTask(
              null,
              files,
              complaints,
              List.of(
                  "-proc:none",
                  "-classpath",
                  System.getProperty("java.class.path"),
                  "-d",
                  folder.toString()),
              null,
              files.getJavaFileObjects(file))
          .call();
    }
    return complaints.getDiagnostics().stream()
        .filter(complaint -> complaint.getKind() == Diagnostic.Kind.ERROR)
        .toList();
  }

  @Test
  void shouldCompileTheJavaOfTheFrontPage() throws IOException {
    List<String> blocks = Manual.readme().blocks("java");

    assertThat(blocks).isNotEmpty();
    for (String block : blocks) {
      assertThat(errorsIn("javax.sql.DataSource dataSource", block)).isEmpty();
    }
  }

  @Test
  void shouldCompileTheSettingInCode() throws IOException {
    List<String> statements =
        Manual.page("settings.md").find("(?m)^\\| code \\| from 10.10 on: `(.*?)` \\|$");

    assertThat(statements).hasSize(1);
    assertThat(
            errorsIn(
                "org.flywaydb.core.api.configuration.Configuration configuration",
                statements.get(0) + ";"))
        .isEmpty();
  }

  @Test
  void shouldNameArtifactsOfThisBuild() throws IOException {
    String coordinates =
        "<groupId>%s</groupId> <artifactId>flyway-advisory-lock</artifactId> <version>%s</version>"
            .formatted(project("groupId"), project("version"));

    assertThat(Manual.readme().blocks("xml"))
        .singleElement()
        .asString()
        .containsIgnoringWhitespaces(coordinates);
    assertThat(Manual.readme().find(GRADLE)).isNotEmpty();
    for (Manual page : Manual.all()) {
      assertThat(page.find("advisory-lock(?:-cli)?-(\\d+\\.\\d+\\.\\d+)(?:-all)?\\.jar"))
          .as(page.toString())
          .allMatch(project("version")::equals);
      assertThat(page.find(GRADLE)).as(page.toString()).allMatch(project("version")::equals);
      assertThat(page.find(XML)).as(page.toString()).allMatch(project("version")::equals);
    }
  }

  @Test
  void shouldShowSpringBootSettingsThatThereAre() {
    List<String> names = LockSettings.names().stream().map(SnippetsTest::dashed).toList();

    List<String> shown = new ArrayList<>();
    for (String block : OPERATIONS.blocks("yaml")) {
      Map<?, ?> yaml = new Yaml(new SafeConstructor(new LoaderOptions())).load(block);
      if (yaml.keySet().equals(Set.of("management"))) {
        continue; // ActuatorBeansTest starts an application with that one
      }
      Map<?, ?> flyway = (Map<?, ?>) ((Map<?, ?>) yaml.get("spring")).get("flyway");
      ((Map<?, ?>) flyway.get("advisory-lock")).keySet().forEach(name -> shown.add("" + name));
    }

    assertThat(shown).isNotEmpty();
    assertThat(names).containsAll(shown);
  }

  private static String dashed(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
