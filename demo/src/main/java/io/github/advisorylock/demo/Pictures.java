package io.github.advisorylock.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The pictures of the documentation. */
final class Pictures {

  static final String PROTOCOL = "protocol.svg";
  static final String ROLLOUT = "rollout.svg";

  private Pictures() {}

  /**
   * Draws the scenes that the front page shows, and the protocol if it is described there.
   *
   * @param folder where they are written
   */
  static void write(List<Comparison> played, Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve(ROLLOUT),
        SvgTimeline.draw(played.stream().filter(Pictures::isOnTheFrontPage).toList()));
    Path definition = folder.resolve("protocol.txt");
    if (Files.exists(definition)) {
      Files.writeString(folder.resolve(PROTOCOL), protocol(definition));
    }
  }

  static String protocol(Path definition) throws IOException {
    return SequenceDiagram.draw(Files.readAllLines(definition));
  }

  private static boolean isOnTheFrontPage(Comparison comparison) {
    return Scenes.ON_THE_FRONT_PAGE.contains(comparison.scene().name());
  }
}
