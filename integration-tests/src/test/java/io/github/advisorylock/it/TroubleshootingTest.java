package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manual's page of messages and the sources say the same. */
class TroubleshootingTest {
  private static final Manual PAGE = Manual.page("troubleshooting.md");
  private static final Set<String> TEXTS = SourceTexts.find();

  /** What says less is no message, but a part that says nothing without the rest. */
  private static final int WORDS_OF_A_MESSAGE = 3;

  private static final String QUOTE = "`([^`]+)`";

  /** The one that is about the messages of others, and silence. */
  private static final String SECTION_OF_OTHERS =
      "(?ms)^## Without any message of ours$.*?(?=^## )";

  /** The constant parts of a text, without what is around their first and last words. */
  private static Stream<String> parts(String text) {
    return Arrays.stream(text.split(SourceTexts.GAP))
        .map(part -> part.replaceAll("^[^\\w(-]+|[^\\w)]+$", ""))
        .filter(part -> !part.isEmpty());
  }

  private static boolean isMessage(String part) {
    return Arrays.stream(part.split(" ")).filter(word -> word.matches(".*\\p{L}.*")).count()
        >= WORDS_OF_A_MESSAGE;
  }

  /** What stands in headings and in the first column of tables. */
  private static List<String> quotes() {
    Pattern quote = Pattern.compile(QUOTE);
    return PAGE.text()
        .replaceAll(SECTION_OF_OTHERS, "")
        .lines()
        .filter(line -> line.startsWith("### ") || line.startsWith("| "))
        .map(line -> line.split(" \\| ", 2)[0])
        .flatMap(line -> quote.matcher(line).results().map(match -> match.group(1)))
        .toList();
  }

  @Test
  void shouldExplainEveryMessage() {
    String page = PAGE.text().replaceAll("\\s+", " ");

    assertThat(TEXTS.stream().flatMap(TroubleshootingTest::parts))
        .filteredOn(TroubleshootingTest::isMessage)
        .hasSizeGreaterThan(100)
        .allSatisfy(message -> assertThat(page).contains(message));
  }

  @Test
  void shouldExplainNoMessageThatNobodyGives() {
    String texts = String.join("\n", TEXTS);

    assertThat(quotes())
        .hasSizeGreaterThan(80)
        .allSatisfy(
            quote ->
                assertThat(parts(quote))
                    .as(quote)
                    .isNotEmpty()
                    .allSatisfy(part -> assertThat(texts).contains(part)));
  }
}
