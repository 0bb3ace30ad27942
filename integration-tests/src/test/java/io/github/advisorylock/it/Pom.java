package io.github.advisorylock.it;

import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.maven.model.Build;
import org.apache.maven.model.Dependency;
import org.apache.maven.model.Model;
import org.apache.maven.model.Parent;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.io.xpp3.MavenXpp3Reader;
import org.apache.maven.model.io.xpp3.MavenXpp3Writer;
import org.codehaus.plexus.util.xml.pull.XmlPullParserException;

/** A POM that a test has Maven read. */
final class Pom {
  private static final Path PARENT = Path.of("..", "pom.xml");

  private final Model model = new Model();

  private Pom(String artifact) {
    model.setModelVersion("4.0.0");
    model.setArtifactId(artifact);
    model.setPackaging("pom");
  }

  /** Of a project that has nothing in common with ours. */
  static Pom ofUser() {
    Pom pom = new Pom("it");
    pom.model.setGroupId("it");
    pom.model.setVersion("1");
    return pom;
  }

  /** Of a project that inherits from ours. */
  static Pom ofChild(String artifact) {
    Parent parent = new Parent();
    parent.setGroupId("io.github.advisorylock");
    parent.setArtifactId("advisory-lock-parent");
    parent.setVersion(System.getProperty("project.version"));
    Pom pom = new Pom(artifact);
    pom.model.setParent(parent);
    return pom;
  }

  Pom modules(List<String> folders) {
    model.setModules(folders);
    return this;
  }

  Pom properties(Map<String, String> properties) {
    model.getProperties().putAll(properties);
    return this;
  }

  Pom dependencies(List<String> coordinates) {
    model.setDependencies(coordinates.stream().map(Pom::dependency).toList());
    return this;
  }

  Pom plugin(Plugin plugin) {
    model.setBuild(new Build());
    model.getBuild().addPlugin(plugin);
    return this;
  }

  /**
   * The element of a POM.
   *
   * @param coordinates group, artifact and, unless it is managed, version, with colons in between
   */
  static Dependency dependency(String coordinates) {
    List<String> parts = List.of(coordinates.split(":", -1));
    Dependency dependency = new Dependency();
    dependency.setGroupId(parts.get(0));
    dependency.setArtifactId(parts.get(1));
    dependency.setVersion(parts.size() > 2 ? parts.get(2) : null);
    return dependency;
  }

  /** The element of a POM, as it stands there. */
  static Plugin plugin(String xml) throws IOException {
    String pom = "<project><build><plugins>" + xml + "</plugins></build></project>";
    try {
      return new MavenXpp3Reader().read(new StringReader(pom)).getBuild().getPlugins().get(0);
    } catch (XmlPullParserException e) {
      throw new AssertionError("This does not belong into a POM:\n" + xml, e);
    }
  }

  void writeTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    if (model.getParent() != null) {
      Path parent = folder.toRealPath().relativize(PARENT.toRealPath());
      model.getParent().setRelativePath(parent.toString());
    }
    try (OutputStream file = Files.newOutputStream(folder.resolve("pom.xml"))) {
      new MavenXpp3Writer().write(file, model);
    }
  }
}
