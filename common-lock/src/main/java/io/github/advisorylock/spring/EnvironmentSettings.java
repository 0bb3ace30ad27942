package io.github.advisorylock.spring;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.LockConfigurationException;
import io.github.advisorylock.SettingReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.Environment;

/**
 * The settings of one tool in Spring's environment, such as {@code
 * spring.flyway.advisory-lock.max-attempts} for {@code maxAttempts}, in whatever spelling Spring
 * Boot takes for that. Immutable.
 */
public final class EnvironmentSettings {

  private final Environment environment;
  private final String prefix;
  private final List<String> names;

  /**
   * Settings that are yet to be read.
   *
   * @param environment where they are
   * @param prefix what their properties have in common, such as {@code spring.flyway.advisory-lock}
   * @param names the settings that there are, such as {@code maxAttempts}
   */
  public EnvironmentSettings(Environment environment, String prefix, List<String> names) {
    this.environment = environment;
    this.prefix = prefix;
    this.names = List.copyOf(names);
  }

  /**
   * Reads them. One that is there and blank is not set, since that is what a placeholder with an
   * empty default leaves.
   *
   * @return what is set, by the setting's name
   * @throws LockConfigurationException if there is a property under the prefix that is no setting
   */
  public Map<String, ApplicationSetting> read() {
    Binder binder = Binder.get(environment);
    refuseUnknown(binder);
    Map<String, ApplicationSetting> settings = new LinkedHashMap<>();
    for (String name : names) {
      find(binder, prefix + "." + dashed(name))
          .filter(setting -> !setting.text().isBlank())
          .ifPresent(setting -> settings.put(name, setting));
    }
    return Map.copyOf(settings);
  }

  private void refuseUnknown(Binder binder) {
    Map<String, String> found =
        isText(binder)
            ? Map.of()
            : binder.bind(prefix, Bindable.mapOf(String.class, String.class)).orElseGet(Map::of);
    for (String key : found.keySet()) {
      if (names.stream().noneMatch(name -> name.equalsIgnoreCase(key.replaceAll("[-_]", "")))) {
        throw SettingReader.unknown(
            prefix + ".", key, names.stream().map(EnvironmentSettings::dashed).toList());
      }
    }
  }

  /**
   * Whether there is a text where the settings should be, such as an empty one in YAML where all of
   * them are commented out.
   *
   * @throws LockConfigurationException if it is not empty
   */
  private boolean isText(Binder binder) {
    Optional<ApplicationSetting> text = find(binder, prefix);
    if (text.isPresent() && !text.get().text().isBlank()) {
      throw new LockConfigurationException(
          "%s must not have a value of its own, but settings: %s"
              .formatted(prefix, names.stream().map(EnvironmentSettings::dashed).toList()));
    }
    return text.isPresent();
  }

  private Optional<ApplicationSetting> find(Binder binder, String property) {
    ConfigurationPropertyName name = ConfigurationPropertyName.of(property);
    AtomicReference<@Nullable ConfigurationProperty> source = new AtomicReference<>();
    BindHandler toSource =
        new BindHandler() {
          @Override
          public Object onSuccess(
              ConfigurationPropertyName bound,
              Bindable<?> target,
              BindContext context,
              Object result) {
            source.set(context.getConfigurationProperty());
            return result;
          }
        };
    String text = binder.bind(name, Bindable.of(String.class), toSource).orElse(null);
    return text == null
        ? Optional.empty()
        : Optional.of(new ApplicationSetting(described(name, source.get()), text));
  }

  /** As the user wrote it, and where: {@code key (class path resource [application.yml] - 7:9)}. */
  private static String described(
      ConfigurationPropertyName name, @Nullable ConfigurationProperty source) {
    Origin origin = source == null ? null : source.getOrigin();
    if (!(origin instanceof PropertySourceOrigin written)) {
      return origin == null ? name.toString() : name + " (" + origin + ")";
    }
    Origin place = written.getOrigin();
    return written.getPropertyName()
        + " ("
        + (place != null ? place : written.getPropertySource().getName())
        + ")";
  }

  private static String dashed(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
