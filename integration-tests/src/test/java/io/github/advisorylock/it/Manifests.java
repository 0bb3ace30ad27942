package io.github.advisorylock.it;

import io.github.advisorylock.SettingReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The manifests of the manual's page on Kubernetes. */
final class Manifests {
  private static final Path PAGE = Path.of("..", "docs", "kubernetes.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml\\n(.*?)^```$");

  private final String page;
  private final List<Node> all = new ArrayList<>();

  private Manifests(String page) {
    this.page = page;
    Matcher block = BLOCK.matcher(page);
    while (block.find()) {
      all.add(new Node(new Yaml(new SafeConstructor(new LoaderOptions())).load(block.group(1))));
    }
  }

  static Manifests ofTheManual() {
    try {
      return new Manifests(Files.readString(PAGE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String page() {
    return page;
  }

  List<Node> all() {
    return all;
  }

  /** The one of a kind whose name ends like this. */
  Node spec(String kind, String name) {
    return all.stream()
        .filter(manifest -> manifest.at("kind").value().equals(kind))
        .filter(manifest -> manifest.at("metadata", "name").value().equals(name))
        .findFirst()
        .orElseThrow()
        .at("spec");
  }

  /** The one that runs the command. */
  Node initContainer() {
    return spec("Deployment", "shop-without-migrations")
        .at("template", "spec", "initContainers")
        .elements()
        .get(0);
  }

  /** A part of a manifest. */
  record Node(Object value) {

    Node at(String... path) {
      Object found = value;
      for (String name : path) {
        found = ((Map<?, ?>) found).get(name);
        if (found == null) {
          throw new AssertionError(name + " is missing in " + value);
        }
      }
      return new Node(found);
    }

    List<Node> elements() {
      return ((List<?>) value).stream().map(Node::new).toList();
    }

    Duration seconds() {
      return Duration.ofSeconds((Integer) value);
    }

    int number() {
      return (Integer) value;
    }

    List<String> arguments() {
      return at("args").elements().stream().map(argument -> (String) argument.value()).toList();
    }

    /** What an environment variable of a container says, in words of our settings. */
    Duration durationInEnvironment(String variable) {
      return at("env").elements().stream()
          .filter(entry -> entry.at("name").value().equals(variable))
          .map(entry -> duration(String.valueOf(entry.at("value").value())))
          .findFirst()
          .orElseThrow();
    }

    Duration durationInArgument(String option) {
      return arguments().stream()
          .filter(argument -> argument.startsWith(option + "="))
          .map(argument -> duration(argument.substring(option.length() + 1)))
          .findFirst()
          .orElseThrow();
    }

    private static Duration duration(String text) {
      return new SettingReader("", name -> text).duration("duration", Duration.ZERO);
    }
  }
}
