package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockScope;
import io.github.advisorylock.Pooling;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * That what an IDE tells about a tool's settings in an application's YAML is what the code does.
 */
public abstract class ConfigurationMetadataContract {

  private static final String[] WITHOUT_DEFAULT = {
    "url", "user", "password", "migrationLockTimeout", "migrationStatementTimeout"
  };

  private final String prefix;
  private final List<String> names;
  private final ConfigurationMetadata metadata;

  /**
   * The metadata of a tool.
   *
   * @param tool such as {@code flyway}
   * @param names its settings, such as {@code maxAttempts}
   * @param inJar a class that is in its jar
   */
  protected ConfigurationMetadataContract(String tool, List<String> names, Class<?> inJar) {
    this.prefix = "spring.%s.advisory-lock.".formatted(tool);
    this.names = names;
    this.metadata = ConfigurationMetadata.ofJarWith(inJar);
  }

  /** Which values each setting may have that only this tool has. */
  protected abstract Map<String, Enum<?>[]> choicesOfItsOwn();

  /** What the tool makes of what an application says, to be compared. */
  protected abstract Object read(Map<String, ApplicationSetting> settings) throws Exception;

  private Object readTexts(Map<String, String> texts) throws Exception {
    Map<String, ApplicationSetting> settings = new HashMap<>();
    texts.forEach((name, text) -> settings.put(name, new ApplicationSetting(name, text)));
    return read(settings);
  }

  private Map<String, Map<String, Object>> byName(List<Map<String, Object>> items) {
    return items.stream().collect(Collectors.toMap(this::nameOf, item -> item));
  }

  private String nameOf(Map<String, Object> item) {
    return names.stream()
        .filter(name -> item.get("name").equals(propertyOf(name)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such setting: " + item));
  }

  private String propertyOf(String name) {
    return prefix + name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  @Test
  void shouldListEachSettingWithTypeAndDescription() {
    assertThat(byName(metadata.properties())).containsOnlyKeys(names.toArray(new String[0]));
    assertThat(metadata.properties())
        .allSatisfy(
            property -> {
              assertThat((String) property.get("description")).endsWith(".");
              assertThat((String) property.get("type")).startsWith("java.");
            });
  }

  @Test
  void shouldTellTheDefaultsThatThereAre() throws Exception {
    Map<String, String> defaults = new HashMap<>();
    byName(metadata.properties())
        .forEach(
            (name, property) -> {
              if (property.containsKey("defaultValue")) {
                defaults.put(name, String.valueOf(property.get("defaultValue")));
              }
            });

    assertThat(defaults)
        .doesNotContainKeys(WITHOUT_DEFAULT)
        .hasSize(names.size() - WITHOUT_DEFAULT.length);
    assertThat(readTexts(defaults)).isEqualTo(readTexts(Map.of()));
  }

  @Test
  void shouldSuggestOnlyWhatIsAllowed() {
    byName(metadata.hints())
        .forEach(
            (name, hint) ->
                ConfigurationMetadata.valuesOf(hint)
                    .forEach(
                        value ->
                            assertThatNoException()
                                .as("%s: %s", name, value)
                                .isThrownBy(
                                    () ->
                                        readTexts(
                                            Map.of(name, String.valueOf(value.get("value")))))));
  }

  @Test
  void shouldSuggestEachConstantOfAChoice() {
    shouldSuggestEach("scope", LockScope.values());
    shouldSuggestEach("pooling", Pooling.values());
    choicesOfItsOwn().forEach(this::shouldSuggestEach);
  }

  private void shouldSuggestEach(String name, Enum<?>[] constants) {
    assertThat(ConfigurationMetadata.valuesOf(byName(metadata.hints()).get(name)))
        .as(name)
        .extracting(value -> value.get("value"))
        .containsExactlyElementsOf(
            Arrays.stream(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList());
  }
}
