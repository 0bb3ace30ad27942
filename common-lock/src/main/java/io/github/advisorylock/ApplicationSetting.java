package io.github.advisorylock;

/**
 * A setting in the configuration of the application that runs the tool. Immutable.
 *
 * @param property what errors call it: the property as the user wrote it, and where
 * @param text what the user wrote
 */
public record ApplicationSetting(String property, String text) {

  /** The property alone, since the text may be a password. */
  @Override
  public String toString() {
    return property;
  }
}
