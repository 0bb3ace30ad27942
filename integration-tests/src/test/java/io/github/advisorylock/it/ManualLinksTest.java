package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a page of the manual links to is there. */
class ManualLinksTest {
  private static final String LINK = "\\]\\(([^)\\s]+)\\)";
  private static final String HEADING = "(?m)^#+ (.+)$";

  static List<Manual> pages() {
    return Manual.all();
  }

  /** As GitHub makes them. */
  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
  }

  @ParameterizedTest
  @MethodSource("pages")
  void shouldLinkToWhatIsThere(Manual page) throws IOException {
    for (String link : page.find(LINK)) {
      if (link.startsWith("http")) {
        continue;
      }
      String[] parts = link.split("#", 2);
      Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
      assertThat(target).as(link).exists();
      if (parts.length == 2) {
        Manual linked = new Manual(target, Files.readString(target));
        assertThat(linked.find(HEADING))
            .as(link)
            .extracting(ManualLinksTest::anchor)
            .contains(parts[1]);
      }
    }
  }

  @Test
  void shouldListEachDecision() {
    List<String> records =
        pages().stream()
            .map(page -> page.file().getFileName().toString())
            .filter(name -> name.matches("\\d{4}-.*"))
            .toList();

    assertThat(Manual.page("decisions/README.md").find("(?m)^\\| \\d+ \\|.*?\\]\\(([^)]+)\\)"))
        .isNotEmpty()
        .containsExactlyElementsOf(records);
    assertThat(records).extracting(name -> name.substring(0, 4)).doesNotHaveDuplicates();
  }

  @Test
  void shouldFindThePages() {
    assertThat(pages()).hasSizeGreaterThan(10);
  }
}
