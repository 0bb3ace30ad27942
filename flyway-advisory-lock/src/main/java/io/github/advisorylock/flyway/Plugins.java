package io.github.advisorylock.flyway;

import java.util.Optional;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.extensibility.Plugin;

/** The plugins that belong to a configuration. */
final class Plugins {

  private Plugins() {}

  /** The configuration's own instance; empty if the class is not registered as a plugin. */
  @SuppressWarnings("deprecation") // its successors are not there in all supported releases
  static <T extends Plugin> Optional<T> find(Configuration flyway, Class<T> type) {
    return Optional.ofNullable(flyway.getPluginRegister().getPlugin(type));
  }

  /** The configuration's own instance of one of our plugins. */
  static <T extends Plugin> T get(Configuration flyway, Class<T> type) {
    return find(flyway, type)
        .orElseThrow(
            () -> new IllegalStateException(type.getName() + " is not registered with Flyway"));
  }
}
