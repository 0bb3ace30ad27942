package io.github.advisorylock.it;

import io.github.advisorylock.SettingReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The manifests of the manual's page on Kubernetes. */
final class Manifests {
  private final Manual page;
  private final List<Node> all;

  private Manifests(Manual page) {
    this.page = page;
    this.all =
        page.blocks("yaml").stream()
            .map(
                block ->
                    new Node(
                        new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(block)))
            .toList();
  }

  static Manifests ofTheManual() {
    return new Manifests(Manual.page("kubernetes.md"));
  }

  String page() {
    return page.text();
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
