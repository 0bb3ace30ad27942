package io.github.advisorylock.flyway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockScope;
import io.github.advisorylock.Pooling;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.ClassicConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.ObjectMapper;

/** That what an IDE tells about the settings in an application's YAML is what the code does. */
class ConfigurationMetadataTest {

  private static final String PREFIX = "spring.flyway.advisory-lock.";

  private static final Map<String, Object> METADATA = metadata();

  private static Map<String, Object> metadata() {
    try (InputStream file =
        ConfigurationMetadataTest.class.getResourceAsStream(
            "/META-INF/spring-configuration-metadata.json")) {
      return new ObjectMapper().readValue(file, new TypeReference<Map<String, Object>>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SuppressWarnings("unchecked") // the format of the file
  private static List<Map<String, Object>> items(String kind, Map<String, Object> parent) {
    return (List<Map<String, Object>>) parent.get(kind);
  }

  private static Map<String, Map<String, Object>> byName(String kind) {
    return items(kind, METADATA).stream()
        .collect(Collectors.toMap(item -> nameOf(item), item -> item));
  }

  private static String nameOf(Map<String, Object> item) {
    return FlywaySettings.NAMES.stream()
        .filter(name -> item.get("name").equals(propertyOf(name)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such setting: " + item));
  }

  private static final String[] WITHOUT_DEFAULT = {
    "url", "user", "password", "migrationLockTimeout", "migrationStatementTimeout"
  };

  private static String propertyOf(String name) {
    return PREFIX + name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static List<Object> read(Map<String, String> texts) {
    ClassicConfiguration flyway =
        (ClassicConfiguration) Flyway.configure().load().getConfiguration();
    Map<String, ApplicationSetting> settings = new HashMap<>();
    texts.forEach((name, text) -> settings.put(name, new ApplicationSetting(name, text)));
    AdvisoryLockProvider.apply(settings, flyway);
    FlywaySettings read = FlywaySettings.of(flyway).orElseThrow();
    return List.of(read.lock(), read.nativeLock());
  }

  @Test
  void shouldListEachSettingWithTypeAndDescription() {
    assertThat(byName("properties")).containsOnlyKeys(FlywaySettings.NAMES.toArray(new String[0]));
    assertThat(items("properties", METADATA))
        .allSatisfy(
            property -> {
              assertThat((String) property.get("description")).endsWith(".");
              assertThat((String) property.get("type")).startsWith("java.");
            });
  }

  @Test
  void shouldTellTheDefaultsThatThereAre() {
    Map<String, String> defaults = new HashMap<>();
    byName("properties")
        .forEach(
            (name, property) -> {
              if (property.containsKey("defaultValue")) {
                defaults.put(name, String.valueOf(property.get("defaultValue")));
              }
            });

    assertThat(defaults)
        .doesNotContainKeys(WITHOUT_DEFAULT)
        .hasSize(FlywaySettings.NAMES.size() - WITHOUT_DEFAULT.length);
    assertThat(read(defaults)).isEqualTo(read(Map.of()));
  }

  @Test
  void shouldSuggestOnlyWhatIsAllowed() {
    byName("hints")
        .forEach(
            (name, hint) ->
                items("values", hint)
                    .forEach(
                        value ->
                            assertThatNoException()
                                .as("%s: %s", name, value)
                                .isThrownBy(
                                    () -> read(Map.of(name, String.valueOf(value.get("value")))))));
  }

  static List<Arguments> choices() {
    return List.of(
        Arguments.of("scope", LockScope.values()),
        Arguments.of("pooling", Pooling.values()),
        Arguments.of("nativeLock", NativeLock.values()));
  }

  @ParameterizedTest
  @MethodSource("choices")
  void shouldSuggestEachConstantOfAChoice(String name, Enum<?>[] constants) {
    assertThat(items("values", byName("hints").get(name)))
        .extracting(value -> value.get("value"))
        .containsExactlyElementsOf(
            Arrays.stream(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList());
  }
}
