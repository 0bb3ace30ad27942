package io.github.advisorylock.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A recipe of the manual's page on build plugins and command lines: a section with its blocks. */
record Recipe(String title, String text) {
  private static final Path PAGE = Path.of("..", "docs", "recipes.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\\n(.*?)^```$");
  private static final Pattern SECTION = Pattern.compile("(?ms)^## (.*?)\\n(.*?)(?=^## |\\z)");

  private static final String QUICK_START = String.join(" ", ChildProcess.QUICK_START);

  /** All of the page, in its order. */
  static List<Recipe> all() {
    try {
      return SECTION
          .matcher(Files.readString(PAGE))
          .results()
          .map(section -> new Recipe(section.group(1), section.group(2)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Recipe named(String title) {
    return all().stream().filter(recipe -> recipe.title.equals(title)).findFirst().orElseThrow();
  }

  /** For the release of the plugin that the tests run, with its driver. */
  static Recipe flywaysMavenPlugin() {
    return named("Flyway's Maven plugin")
        .withRelease("13.0.0", System.getProperty("flyway.maven-plugin.version"))
        .withTestedDriver();
  }

  /** With one release, which its blocks must name, instead of another. */
  Recipe withRelease(String documented, String tested) {
    if (blocks().noneMatch(block -> block.group(2).contains(documented))) {
      throw new AssertionError(documented + " is missing in the recipe " + title);
    }
    return new Recipe(title, text.replace(documented, tested));
  }

  Recipe withTestedDriver() {
    return withRelease("42.7.14", System.getProperty("postgresql.version"));
  }

  /** Whether the page says of it that it was not run. */
  boolean isNotRun() {
    return text.contains("**Not run:**");
  }

  /** Its first block in a language. */
  String block(String language) {
    return blocks()
        .filter(block -> block.group(1).equals(language))
        .findFirst()
        .orElseThrow()
        .group(2);
  }

  /** Writes a project with its plugin, whose Maven finds the modules of this build. */
  void writeProject(Path folder) throws IOException {
    Path repository = folder.resolve("repository").toAbsolutePath();
    MavenRepository.create(repository);
    Path options = folder.resolve(".mvn").resolve("maven.config");
    Files.createDirectories(options.getParent());
    Files.write(options, Maven.options(repository));
    Pom.ofUser().plugin(Pom.plugin(block("xml"))).writeTo(folder);
  }

  private Stream<MatchResult> blocks() {
    return BLOCK.matcher(text).results();
  }

  /** Runs its commands in a folder which has all that they expect. */
  ChildProcess run(Path folder, Database database, Login login) {
    return ChildProcess.start(
        folder, environment(database, login), List.of("bash", "-ec", block("sh")));
  }

  /** Where recipes have the connection from, and what programs they know. */
  static Map<String, String> environment(Database database, Login login) {
    Map<String, String> environment = new HashMap<>(FlywayShell.ENVIRONMENT);
    environment.put("DB_URL", database.url());
    environment.put("DB_USER", login.user());
    environment.put("DB_PASSWORD", login.password());
    environment.put("JAVA_OPTS", QUICK_START);
    environment.put("MAVEN_OPTS", QUICK_START + " " + inherited("MAVEN_OPTS"));
    environment.put("LIQUIBASE_ANALYTICS_ENABLED", "false");
    environment.put("PATH", Maven.command().getParent() + File.pathSeparator + inherited("PATH"));
    return environment;
  }

  private static String inherited(String variable) {
    return Objects.requireNonNullElse(System.getenv(variable), "");
  }
}
