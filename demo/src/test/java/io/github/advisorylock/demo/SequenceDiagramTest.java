package io.github.advisorylock.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;

class SequenceDiagramTest {

  private static final Path IMAGES = Path.of("..", "docs", "images");

  private static final List<String> SMALL =
      List.of(
          "# a comment",
          "title: Ask & answer",
          "A = client | its session",
          "S = server",
          "A -> S: may I?",
          "A begins: waits",
          "S --> A: yes",
          "A ends");

  private static NodeList elements(String name) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(
            new ByteArrayInputStream(SequenceDiagram.draw(SMALL).getBytes(StandardCharsets.UTF_8)))
        .getElementsByTagName(name);
  }

  /** After a change: {@code mvn -q -Pdemo,pictures verify}. */
  @Test
  void shouldHaveDrawnThePictureInTheDocumentation() throws IOException {
    assertThat(Files.readString(IMAGES.resolve(Pictures.PROTOCOL)))
        .isEqualTo(Pictures.protocol(IMAGES.resolve("protocol.txt")));
  }

  @Test
  void shouldDrawTheSameInEveryLocale() {
    String drawn = SequenceDiagram.draw(SMALL);
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(SequenceDiagram.draw(SMALL)).isEqualTo(drawn);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldDrawEachStep() throws Exception {
    assertThat(elements("text").getLength()).as("title, 3 names, 2 messages, 1 bar").isEqualTo(7);
    assertThat(elements("line").getLength()).as("2 columns, 2 messages").isEqualTo(4);
    assertThat(elements("title").item(0).getTextContent()).isEqualTo("Ask & answer");
  }

  @Test
  void shouldRefuseWhatItDoesNotUnderstand() {
    assertThatThrownBy(() -> SequenceDiagram.draw(List.of("A = client", "A => A: hello")))
        .hasMessage("Not understood: A => A: hello");
    assertThatThrownBy(() -> SequenceDiagram.draw(List.of("A = client", "A -> B: hello")))
        .hasMessage("There is no column B");
    assertThatThrownBy(() -> SequenceDiagram.draw(List.of("A = client", "A ends")))
        .hasMessage("Nothing ends at [client]");
  }
}
